import type { ExitCode } from "./errors.ts";
import { wholeNumber } from "./numbers.ts";
import type { Terminal } from "./terminal.ts";

/** What every command gets beside its own arguments. */
export interface Context {
  readonly terminal: Terminal;
  /** The fleet's name, as --fleet gives it. */
  readonly fleet: string;
  /** Aborts on the first Ctrl-C (or SIGTERM); a second one ends the process at once. */
  readonly signal: AbortSignal;
  readonly flags: Flags;
  /** Positional arguments. */
  readonly args: readonly string[];
  /** Every command, in the order of the help. */
  readonly commands: readonly CommandEntry[];
}

/** One command: `commands/NAME.ts` exports it as `run`. It returns an exit code other than 0 where that is no error. */
interface CommandModule {
  run(context: Context): Promise<ExitCode | undefined>;
}

/** A command as the help shows it. Its work is loaded only when it runs, so that `--help` is quick. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly arguments?: readonly (readonly [name: string, description: string])[];
  readonly options: readonly (readonly [flags: string, description: string, fallback?: string])[];
  readonly examples: readonly string[];
  /** After a Ctrl-C it rolls back, saves or drains, and then ends by itself. */
  readonly endsItself?: true;
  /** It takes SIGHUP for itself: it is no closed terminal that ends it. */
  readonly hearsHangup?: true;
  load(): Promise<CommandModule>;
}

/** Flags as they were typed; a command checks each one where it reads it. */
export interface Flags {
  text(name: string): string | undefined;
  is(name: string): boolean;
  /** The values of a flag that may be given several times. */
  list(name: string): readonly string[];
  /** Everything that was given, defaults included, for the record. */
  readonly all: Readonly<Record<string, unknown>>;
  /** A whole number within [min, max]; anything else is a usage error. Undefined when the flag is missing. */
  whole(name: string, min: number, max: number): number | undefined;
}

/** Reads flags by the names that people type: `flags.is("dry-run")`. */
export function flagsOf(options: Readonly<Record<string, unknown>>): Flags {
  const at = (name: string) => options[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
  const text = (name: string) => {
    const value = at(name);
    return typeof value === "string" ? value : undefined;
  };
  return {
    text,
    all: options,
    is: (name) => at(name) === true,
    list: (name) => {
      const value = at(name);
      return Array.isArray(value) ? value.map(String) : [];
    },
    whole: (name, min, max) => {
      const value = text(name);
      return value === undefined ? undefined : wholeNumber(value, `--${name}`, min, max);
    },
  };
}
