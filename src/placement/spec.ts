import { PlacementError } from "./error.ts";
import { type HashName, hashes } from "./hashes/index.ts";
import { SIPHASH_KEY } from "./hashes/siphash.ts";
import { suggest } from "./nearest.ts";
import { type PolicyName, policies } from "./policies/index.ts";
import type { OptionRule, Policy, PolicyOptions } from "./types.ts";

/** A policy with its options, as `--policy ring:vnodes=160` names it. Options that are left out have their defaults. */
export interface PolicySpec {
  readonly name: PolicyName;
  readonly options: PolicyOptions;
}

function checkOption(name: PolicyName, option: string, rule: OptionRule, value: number): void {
  if (!(Number.isInteger(value) && value >= rule.min && value <= rule.max)) {
    throw new PlacementError(
      `The option ${option} of ${name} is ${value}: give a whole number from ${rule.min} to ${rule.max} (${rule.help}).`,
    );
  }
  const wrong = rule.check?.(value) ?? null;
  if (wrong !== null) throw new PlacementError(`The option ${option} of ${name} is ${value}: ${wrong}.`);
}

/** The options of a spec, complete with defaults. Throws a PlacementError for an unknown name or a value out of bounds. */
export function completeOptions({ name, options }: PolicySpec): PolicyOptions {
  const rules: Policy["options"] = policies[name].options;
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

function parseOption(name: PolicyName, text: string): [string, number] {
  const [, option, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const rules: Policy["options"] = policies[name].options;
  const choices = option !== undefined && Object.hasOwn(rules, option) ? rules[option]?.choices : undefined;
  if (option !== undefined && value !== undefined && choices !== undefined) {
    return [option, parseChoice(name, option, choices, value)];
  }
  if (option === undefined || value === undefined || !/^\d+$/.test(value)) {
    throw new PlacementError(`The policy option ${JSON.stringify(text)} can't be read: write NAME=WHOLE-NUMBER.`);
  }
  return [option, Number(value)];
}

function parseChoice(name: PolicyName, option: string, choices: readonly string[], value: string): number {
  const at = choices.indexOf(value);
  if (at >= 0) return at;
  throw new PlacementError(
    `The option ${option} of ${name} is ${JSON.stringify(value.slice(0, 40))}: ${suggest(value, choices)}.`,
  );
}

function parsePolicyName(text: string): PolicyName {
  if (Object.hasOwn(policies, text)) return text as PolicyName;
  throw new PlacementError(`There is no policy ${JSON.stringify(text)}: ${suggest(text, Object.keys(policies))}.`);
}

/** Parses `ring` or `ring:vnodes=160`, several options apart by commas. Throws a PlacementError that says what to mend. */
export function parsePolicy(text: string): PolicySpec {
  const colon = text.indexOf(":");
  const name = parsePolicyName(colon < 0 ? text : text.slice(0, colon));
  const options = colon < 0 ? [] : text.slice(colon + 1).split(",");
  return {
    name,
    options: completeOptions({ name, options: Object.fromEntries(options.map((option) => parseOption(name, option))) }),
  };
}

/** Parses a list such as `ring:vnodes=40,maglev`: a comma before `NAME=` goes on with the options of one policy. */
export function parsePolicies(text: string): readonly PolicySpec[] {
  return text.split(/,(?![^:,]+=)/).map(parsePolicy);
}

/** Writes a spec as parsePolicy reads it, with only the options that differ from their defaults. */
export function formatPolicy({ name, options }: PolicySpec): string {
  const rules: Policy["options"] = policies[name].options;
  const changed = Object.keys(rules).filter(
    (option) => (options[option] ?? rules[option]?.default) !== rules[option]?.default,
  );
  const written = changed.map((option) => {
    const value = options[option] as number;
    return `${option}=${rules[option]?.choices?.[value] ?? value}`;
  });
  return written.length === 0 ? name : `${name}:${written.join(",")}`;
}

/** Parses the name of a hash function, or `siphash:KEY`. Throws a PlacementError that says what to mend. */
export function parseHash(text: string): HashName {
  if (Object.hasOwn(hashes, text)) return text as HashName;
  if (text.startsWith("siphash:")) return siphashName(text.slice("siphash:".length));
  throw new PlacementError(`There is no hash ${JSON.stringify(text)}: ${suggest(text, Object.keys(hashes))}.`);
}

function siphashName(key: string): HashName {
  // The key is a secret: a message must not repeat it.
  if (!SIPHASH_KEY.test(key)) {
    throw new PlacementError(
      `A key of siphash has 32 hexadecimal digits, and this one has ${key.length} characters: make one with \`openssl rand -hex 16\`.`,
    );
  }
  return `siphash:${key.toLowerCase()}`;
}
