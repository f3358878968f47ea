import { withModules } from "../../../src/modules/load.ts";
import { PlacementError, parseHash, parseMembers, parsePolicy } from "../../../src/placement/index.ts";
import { ConfigError, parseAddress } from "./address.ts";
import { type BalancerConfig, parseCheck, parseWorkers, withDefaults } from "./config.ts";
import { parseHashKey } from "./hash-key.ts";
import { aliasVariables, optionRows, parseOption, parseSwitch, variableOf } from "./options.ts";
import { parseTrustedProxies } from "./trusted-proxies.ts";

function parseTrustList(text: string): readonly string[] {
  const words = text.split(",").map((word) => word.trim());
  parseTrustedProxies(words);
  return words;
}

function parseToken(text: string): string {
  if (/^[\x21-\x7e]{16,}$/.test(text)) return text;
  throw new ConfigError("a token has at least 16 characters and no blanks");
}

/** Which variable sets which part of the configuration, and how its text is read. */
const variables: readonly (readonly [name: string, part: keyof BalancerConfig, parse: (text: string) => unknown])[] = [
  ["LBCTL_LISTEN", "listen", parseAddress],
  ["LBCTL_CONTROL", "control", parseAddress],
  ["LBCTL_CONTROL_EXPOSED", "controlExposed", parseSwitch],
  ["LBCTL_TOKEN", "token", parseToken],
  ["LBCTL_SERVERS", "members", parseMembers],
  ["LBCTL_POLICY", "policy", (text) => withModules(text, parsePolicy)],
  ["LBCTL_HASH", "hash", (text) => withModules(text, parseHash)],
  ["LBCTL_KEY", "key", parseHashKey],
  ["LBCTL_TRUST", "trust", parseTrustList],
  ["LBCTL_CHECK", "check", parseCheck],
  ["LBCTL_WORKERS", "workers", parseWorkers],
  ["LBCTL_ACCESS_LOG", "accessLog", (path) => path],
  // Of two names of an option, the present one holds.
  ...optionRows.flatMap(([field, option]) =>
    [...aliasVariables(option), variableOf(option)].map(
      (name) => [name, field, (text: string) => parseOption(option, text)] as const,
    ),
  ),
];

/**
 * Reads the configuration from the environment, and the modules that it names by their paths; rejects with a ConfigError
 * of one sentence that names the variable. Unset and empty are the same.
 */
export async function configFromEnv(env: Readonly<Record<string, string | undefined>>): Promise<BalancerConfig> {
  const given: Partial<Record<keyof BalancerConfig, unknown>> = {};
  for (const [name, part, parse] of variables) {
    const text = env[name];
    if (text !== undefined && text !== "") given[part] = await named(name, () => parse(text));
  }
  return withDefaults(given as Partial<BalancerConfig>);
}

/** What is wrong with a value is said with the name that it was given by. */
async function named(name: string, parse: () => unknown): Promise<unknown> {
  try {
    return await parse();
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof PlacementError)) throw error;
    throw new ConfigError(`${name}: ${error.message}`, { cause: error });
  }
}
