import { PlacementError } from "../error.ts";

/** A module of the user's own, loaded. */
export interface Module {
  readonly source: string;
  /** What it exports, by name; what it exports by default is `default`. */
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The modules that texts may name, by their names: `my-policy.js#1a2b3c4d`, a file and the fingerprint of its source. */
export type Modules = ReadonlyMap<string, Module>;

/** For texts that name none. */
export const noModules: Modules = new Map();

/** A value of the user's code for a message, short. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "bigint") return `the BigInt ${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (typeof Reflect.get(value, "then") === "function") return "a promise";
  return Array.isArray(value) ? "an array" : "an object";
}

/** A promise that nobody waits for must not end the process when it fails. */
export function forget(value: unknown): void {
  if (value instanceof Promise) value.catch(() => {});
}

/** The error for the user's code that threw while it was `doing` something: one sentence with its line and its words. */
export function moduleFailed(module: string, doing: string, error: unknown): PlacementError {
  // A policy calls its hash, and a hash that fails has said so itself.
  if (error instanceof PlacementError) return error;
  const words = error instanceof Error ? `${error.name}: ${error.message}` : show(error);
  return new PlacementError(`${module} failed ${doing}${lineOf(module, error)}: ${words}.`, { cause: error });
}

/** ", in line 7", where the error's stack has the module: by its name or, where others format stacks, by its data: URL. */
function lineOf(module: string, error: unknown): string {
  const stack = error instanceof Error ? String(error.stack) : "";
  const line = new RegExp(`(?:${module}|;base64,[\\w+/=]+):(\\d+)`).exec(stack)?.[1];
  return line === undefined ? "" : `, in line ${line}`;
}

/** What a module exports, with the properties of an object that it exports by default. */
export function exportsOf({ exports }: Module): Readonly<Record<string, unknown>> {
  const main = exports.default;
  return typeof main === "object" && main !== null ? { ...main, ...exports } : exports;
}

/** The function that is exported by that name; undefined where there is none. Anything else of that name is an error. */
export function exportedFunction(
  module: string,
  exports: Readonly<Record<string, unknown>>,
  name: string,
): ((...args: unknown[]) => unknown) | undefined {
  const value = exports[name];
  if (value === undefined) return undefined;
  if (typeof value === "function") return value as (...args: unknown[]) => unknown;
  throw new PlacementError(`${module} exports ${show(value)} as ${name}: export a function.`);
}

/** "(it exports a, b)": what there is in place of what was looked for. */
export function listExports(exports: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(exports).filter((name) => name !== "default");
  return `it exports ${names.length === 0 ? "nothing" : names.join(", ")}`;
}
