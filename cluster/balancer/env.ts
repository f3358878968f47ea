import { z } from "zod";
import { withModules } from "../../src/modules/load.ts";
import { PlacementError, parseHash, parseMembers, parsePolicy } from "../../src/placement/index.ts";
import { ConfigError, parseAddress } from "./address.ts";
import { type BalancerConfig, parseCheck, parseWorkers, withDefaults } from "./config.ts";
import { parseKey } from "./key.ts";
import { parseTrust } from "./trust.ts";

/** A variable read by `parse`, whose complaint becomes the variable's. Unset and empty are the same. */
const variable = <T>(parse: (text: string) => T | Promise<T>) =>
  z
    .string()
    .transform(async (text, context) => {
      try {
        return text === "" ? undefined : await parse(text);
      } catch (error) {
        if (!(error instanceof ConfigError || error instanceof PlacementError)) throw error;
        context.addIssue({ code: "custom", message: error.message });
        return z.NEVER;
      }
    })
    .optional();

function parseTrustList(text: string): readonly string[] {
  const words = text.split(",").map((word) => word.trim());
  parseTrust(words);
  return words;
}

function parseFlag(text: string): boolean {
  if (text === "1" || text === "0") return text === "1";
  throw new ConfigError(`'${text}' is neither 1 nor 0`);
}

function parseToken(text: string): string {
  if (/^[\x21-\x7e]{16,}$/.test(text)) return text;
  throw new ConfigError("a token has at least 16 characters and no blanks");
}

const variables = z.object({
  LBCTL_LISTEN: variable(parseAddress),
  LBCTL_CONTROL: variable(parseAddress),
  LBCTL_CONTROL_EXPOSED: variable(parseFlag),
  LBCTL_TOKEN: variable(parseToken),
  LBCTL_SERVERS: variable(parseMembers),
  LBCTL_POLICY: variable((text) => withModules(text, parsePolicy)),
  LBCTL_HASH: variable((text) => withModules(text, parseHash)),
  LBCTL_KEY: variable(parseKey),
  LBCTL_TRUST: variable(parseTrustList),
  LBCTL_CHECK: variable(parseCheck),
  LBCTL_WORKERS: variable(parseWorkers),
});

/** Which variable sets which part of the configuration. */
const settings = {
  LBCTL_LISTEN: "listen",
  LBCTL_CONTROL: "control",
  LBCTL_CONTROL_EXPOSED: "controlExposed",
  LBCTL_TOKEN: "token",
  LBCTL_SERVERS: "members",
  LBCTL_POLICY: "policy",
  LBCTL_HASH: "hash",
  LBCTL_KEY: "key",
  LBCTL_TRUST: "trust",
  LBCTL_CHECK: "check",
  LBCTL_WORKERS: "workers",
} as const satisfies Record<keyof z.infer<typeof variables>, keyof BalancerConfig>;

/**
 * Reads the configuration from the environment, and the modules that it names by their paths; rejects with a ConfigError
 * of one sentence that names the variable.
 */
export async function configFromEnv(env: Readonly<Record<string, string | undefined>>): Promise<BalancerConfig> {
  const result = await variables.safeParseAsync(env);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new ConfigError(`${String(issue?.path[0])}: ${issue?.message}`);
  }
  const read = Object.entries(settings).map(([name, part]) => [part, result.data[name as keyof typeof settings]]);
  return withDefaults(Object.fromEntries(read.filter(([, value]) => value !== undefined)));
}
