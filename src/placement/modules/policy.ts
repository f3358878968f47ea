import { PlacementError } from "../error.ts";
import { hashPoint, hashText } from "../key.ts";
import type { Hash, OptionRule, Policy } from "../types.ts";
import type { Hash as AuthorHash, Build, Option, Pick, Server } from "./author.ts";
import { exportedFunction, exportsOf, forget, listExports, type Module, moduleFailed, show } from "./module.ts";
import { pickPlacement } from "./pick.ts";

/** What may stand before the `=` where an option is given. */
const OPTION_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
const MOST = 2 ** 31 - 1;

/** The rule of an option that is exported as its default, or as more than that. */
function optionRule(module: string, name: string, given: unknown): OptionRule {
  const option = typeof given === "object" && given !== null ? given : { default: given };
  const { default: value, min = 0, max = MOST, help = "a whole number" } = option as Option;
  const whole = [value, min, max].every((each) => Number.isInteger(each) && each >= 0);
  if (OPTION_NAME.test(name) && whole && min <= value && value <= max) return { default: value, min, max, help };
  throw new PlacementError(
    `${module} exports the option ${show(name)} badly: give a name of letters and digits its default, a whole number, or { default, min, max, help }.`,
  );
}

function optionsOf(module: string, options: unknown): Policy["options"] {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null)
    throw new PlacementError(`${module} exports ${show(options)} as options: give { NAME: DEFAULT, … }.`);
  return Object.fromEntries(Object.entries(options).map(([name, given]) => [name, optionRule(module, name, given)]));
}

/** A yes or no that is exported, or its default. */
function flagOf(module: string, exports: Readonly<Record<string, unknown>>, name: string, otherwise: boolean): boolean {
  const value = exports[name] ?? otherwise;
  if (typeof value === "boolean") return value;
  throw new PlacementError(`${module} exports ${show(value)} as ${name}: give true or false.`);
}

/** The hash as an author is given it. */
function authorHash(hash: Hash): AuthorHash {
  const hashed = (text: string): number => hashText(hash, String(text));
  const vnode = (server: string, number: number): number => hashPoint(hash, String(server), `#${number}`, number);
  return Object.freeze(Object.assign(hashed, { bits: hash.bits, vnode }));
}

/**
 * The policy of a user's own module. Throws a PlacementError that names the module where its exports are none, and so
 * does what it builds where the user's functions throw or choose what is no server.
 */
export function modulePolicy(name: string, module: Module): Policy {
  const exports = exportsOf(module);
  const build = exportedFunction(name, exports, "build") ?? (typeof exports.default === "function" && exports.default);
  if (!build) {
    throw new PlacementError(
      `${name} has no policy (${listExports(exports)}): export a function build(servers, hash, options) that returns a function of the key.`,
    );
  }
  const flag = (which: string, otherwise: boolean) => flagOf(name, exports, which, otherwise);

  return {
    summary: typeof exports.summary === "string" ? exports.summary : "a policy of your own",
    keyed: flag("keyed", true),
    hashed: flag("hashed", true),
    weighted: flag("weighted", false),
    options: optionsOf(name, exports.options),
    source: module.source,
    build(members, hash, options) {
      const servers: readonly Server[] = Object.freeze(members.map((member) => Object.freeze({ ...member })));
      let pick: unknown;
      try {
        pick = (build as Build)(servers, authorHash(hash), options);
      } catch (error) {
        throw moduleFailed(
          name,
          `to build for ${members.length === 1 ? "one server" : `${members.length} servers`}`,
          error,
        );
      }
      if (typeof pick === "function") return pickPlacement(name, members, pick as Pick);
      forget(pick);
      throw new PlacementError(
        `${name} built ${show(pick)}: return a function from build that chooses a server for a key.`,
      );
    },
  };
}
