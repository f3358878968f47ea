import type { Ora } from "ora";

/** How a command speaks: results on stdout, everything else on stderr. */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
  /** Columns to fit tables in. */
  readonly width: number;
  /** Writes a result: the value as one line of JSON with --json, else what `render` makes of it. */
  result(value: unknown, render: () => string): void;
  /** Writes text to stdout as it is. */
  write(text: string): void;
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

/** The process's own terminal. Colour needs a terminal on stdout and neither --no-color nor NO_COLOR (no-color.org). */
export function createTerminal(options: TerminalOptions): Terminal {
  const { json = false, quiet = false, verbose = false } = options;
  const color = options.color !== false && !process.env.NO_COLOR && process.stdout.isTTY === true;
  const write = (text: string) => {
    process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  };
  const note = (text: string) => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  return {
    json,
    quiet,
    color,
    width: process.stdout.columns ?? 100,
    write,
    note,
    result: (value, render) => write(json ? JSON.stringify(value) : render()),
    detail: (text) => {
      if (verbose) process.stderr.write(`${text}\n`);
    },
    progress: (text) => (quiet || !process.stderr.isTTY ? plainProgress(note) : spinner(text, options.color !== false)),
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
