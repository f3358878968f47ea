import { PlacementError } from "./error.ts";
import { type HashName, hashes } from "./hashes/index.ts";
import { SIPHASH_KEY, siphashWith } from "./hashes/siphash.ts";
import { moduleHash } from "./modules/hash.ts";
import { type Modules, noModules } from "./modules/module.ts";
import { modulePolicy } from "./modules/policy.ts";
import { suggest } from "./nearest.ts";
import { type PolicyName, policies } from "./policies/index.ts";
import type { Hash, OptionRule, Policy, PolicyOptions } from "./types.ts";

/** A policy with its options, as `--policy ring:vnodes=160` names it. Options that are left out have their defaults. */
export interface PolicySpec {
  /** Of the table, or of a module. */
  readonly name: string;
  readonly policy: Policy;
  readonly options: PolicyOptions;
}

function checkOption(name: string, option: string, rule: OptionRule, value: number): void {
  if (!(Number.isInteger(value) && value >= rule.min && value <= rule.max)) {
    throw new PlacementError(
      `The option ${option} of ${name} is ${value}: give a whole number from ${rule.min} to ${rule.max} (${rule.help}).`,
    );
  }
  const wrong = rule.check?.(value) ?? null;
  if (wrong !== null) throw new PlacementError(`The option ${option} of ${name} is ${value}: ${wrong}.`);
}

/** The options of a spec, complete with defaults. Throws a PlacementError for an unknown name or a value out of bounds. */
export function completeOptions({ name, policy, options }: PolicySpec): PolicyOptions {
  const rules = policy.options;
  for (const option of Object.keys(options)) {
    if (!Object.hasOwn(rules, option)) {
      throw new PlacementError(
        `${name} has no option ${JSON.stringify(option)}: ${suggest(option, Object.keys(rules))}.`,
      );
    }
  }
  return Object.fromEntries(
    Object.entries(rules).map(([option, rule]) => {
      const value = options[option] ?? rule.default;
      checkOption(name, option, rule, value);
      return [option, value];
    }),
  );
}

function parseOption(name: string, rules: Policy["options"], text: string): [string, number] {
  const [, option, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const choices = option !== undefined && Object.hasOwn(rules, option) ? rules[option]?.choices : undefined;
  if (option !== undefined && value !== undefined && choices !== undefined) {
    return [option, parseChoice(name, option, choices, value)];
  }
  if (option === undefined || value === undefined || !/^\d+$/.test(value)) {
    throw new PlacementError(`The policy option ${JSON.stringify(text)} can't be read: write NAME=WHOLE-NUMBER.`);
  }
  return [option, Number(value)];
}

function parseChoice(name: string, option: string, choices: readonly string[], value: string): number {
  const at = choices.indexOf(value);
  if (at >= 0) return at;
  throw new PlacementError(
    `The option ${option} of ${name} is ${JSON.stringify(value.slice(0, 40))}: ${suggest(value, choices)}.`,
  );
}

/** The end of a message about an unknown name: a module would have to be named otherwise, or there are these. */
const advice = (text: string, known: readonly string[]): string =>
  /[./\\]/.test(text)
    ? "a module of your own is named by its path, which begins with ./, ../ or / and ends with .js, .mjs, .cjs or .ts"
    : suggest(text, known);

function policyNamed(text: string, modules: Modules): Policy {
  const module = modules.get(text);
  if (module !== undefined) return modulePolicy(text, module);
  if (Object.hasOwn(policies, text)) return policies[text as PolicyName];
  throw new PlacementError(`There is no policy ${JSON.stringify(text)}: ${advice(text, Object.keys(policies))}.`);
}

/**
 * Parses `ring` or `ring:vnodes=160`, several options apart by commas; the name may be that of a module. Throws a
 * PlacementError that says what to mend.
 */
export function parsePolicy(text: string, modules: Modules = noModules): PolicySpec {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const policy = policyNamed(name, modules);
  const texts = colon < 0 ? [] : text.slice(colon + 1).split(",");
  const options = Object.fromEntries(texts.map((option) => parseOption(name, policy.options, option)));
  return { name, policy, options: completeOptions({ name, policy, options }) };
}

/** Parses a list such as `ring:vnodes=40,maglev`: a comma before `NAME=` goes on with the options of one policy. */
export function parsePolicies(text: string, modules: Modules = noModules): readonly PolicySpec[] {
  return text.split(/,(?![^:,]+=)/).map((each) => parsePolicy(each.trim(), modules));
}

/** Writes a spec as parsePolicy reads it, with only the options that differ from their defaults. */
export function formatPolicy({ name, policy, options }: PolicySpec): string {
  const rules = policy.options;
  const changed = Object.keys(rules).filter(
    (option) => (options[option] ?? rules[option]?.default) !== rules[option]?.default,
  );
  const written = changed.map((option) => {
    const value = options[option] as number;
    return `${option}=${rules[option]?.choices?.[value] ?? value}`;
  });
  return written.length === 0 ? name : `${name}:${written.join(",")}`;
}

/** Parses the name of a hash function, of the table or a module, or `siphash:KEY`. Throws a PlacementError that says what to mend. */
export function parseHash(text: string, modules: Modules = noModules): Hash {
  const module = modules.get(text);
  if (module !== undefined) return moduleHash(text, module);
  if (Object.hasOwn(hashes, text)) return hashes[text as HashName];
  if (text.startsWith("siphash:")) return siphashUnder(text.slice("siphash:".length));
  throw new PlacementError(`There is no hash ${JSON.stringify(text)}: ${advice(text, Object.keys(hashes))}.`);
}

/** Parses a list of hashes. */
export function parseHashes(text: string, modules: Modules = noModules): readonly Hash[] {
  return text.split(",").map((each) => parseHash(each.trim(), modules));
}

function siphashUnder(key: string): Hash {
  // The key is a secret: a message must not repeat it.
  if (!SIPHASH_KEY.test(key)) {
    throw new PlacementError(
      `A key of siphash has 32 hexadecimal digits, and this one has ${key.length} characters: make one with \`openssl rand -hex 16\`.`,
    );
  }
  return siphashWith(key, `siphash:${key.toLowerCase()}`);
}

/** The sources of modules, by their names. */
export type Sources = Readonly<Record<string, string>>;

/** The sources of the modules that a policy and a hash come from; none for those of the tables. */
export function sourcesOf(policy?: PolicySpec, hash?: Hash | null): Sources {
  return {
    ...(policy?.policy.source !== undefined && { [policy.name]: policy.policy.source }),
    ...(hash?.source !== undefined && { [hash.name]: hash.source }),
  };
}
