import { once } from "node:events";
import type { Writable } from "node:stream";
import type { Ora } from "ora";

/** A stream to write to: a terminal, a pipe or a file. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Both streams that a command writes to. */
export interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** How a command speaks: results on stdout, everything else on stderr. */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
  /** Whether a person reads stdout, on a screen that can be cleared. */
  readonly interactive: boolean;
  /** Columns to fit tables in. */
  readonly width: number;
  /** Writes a result: the value as one line of JSON with --json, else what `render` makes of it. */
  result(value: unknown, render: () => string): void;
  /** Writes text to stdout as it is, and a line's end where it has none. */
  write(text: string): void;
  /** Writes text to stdout as it is, and resolves when more can be written: for output that grows with the input. */
  stream(text: string): Promise<void>;
  /** A sentence on stderr; silent with --quiet. */
  note(text: string): void;
  /** A detail on stderr, with --verbose only. */
  detail(text: string): void;
  /** Something under way on stderr: a spinner on a terminal; elsewhere one line when it ends. */
  progress(text: string): Promise<Progress>;
}

export interface Progress {
  update(text: string): void;
  /** Ends with a tick and a sentence. */
  done(text: string): void;
  /** Ends without a word. */
  clear(): void;
}

export interface TerminalOptions {
  json?: boolean | undefined;
  quiet?: boolean | undefined;
  verbose?: boolean | undefined;
  /** False with --no-color. */
  color?: boolean | undefined;
}

/** Returns the terminal of a command. Colour needs a terminal on stdout and neither --no-color nor NO_COLOR (no-color.org). */
export function createTerminal(options: TerminalOptions, { stdout, stderr }: Outputs): Terminal {
  const { json = false, quiet = false, verbose = false } = options;
  const color = options.color !== false && !process.env.NO_COLOR && stdout.isTTY === true;
  const write = (text: string) => {
    stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  };
  const note = (text: string) => {
    if (!quiet) stderr.write(`${text}\n`);
  };
  return {
    json,
    quiet,
    color,
    interactive: stdout.isTTY === true,
    width: stdout.columns ?? 100,
    write,
    stream: async (text) => {
      if (!stdout.write(text)) await once(stdout, "drain");
    },
    note,
    result: (value, render) => write(json ? JSON.stringify(value) : render()),
    detail: (text) => {
      if (verbose) stderr.write(`${text}\n`);
    },
    progress: (text) => (quiet || !stderr.isTTY ? plainProgress(note) : spinner(text, options.color !== false)),
  };
}

async function plainProgress(note: (text: string) => void): Promise<Progress> {
  return { update: () => {}, done: note, clear: () => {} };
}

/** ora is loaded here only, so that `--help` and scripts don't pay for it. */
async function spinner(text: string, color: boolean): Promise<Progress> {
  const { default: ora } = await import("ora");
  // ora's handling of stdin would swallow the Ctrl-C that rolls back.
  const spin: Ora = ora({ text, discardStdin: false, ...(color && !process.env.NO_COLOR ? {} : { color: false }) });
  spin.start();
  return {
    update: (next) => {
      spin.text = next;
    },
    done: (sentence) => void spin.succeed(sentence),
    clear: () => void spin.stop(),
  };
}
