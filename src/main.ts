import { CommanderError } from "commander";
import { commandTable } from "./command-table.ts";
import { type CommandEntry, flagsOf } from "./context.ts";
import { ExitCode, UserError } from "./errors.ts";
import { createProgram } from "./program.ts";
import { createTerminal, type Output, type TerminalOptions } from "./terminal.ts";

/** Where a command writes, and what interrupts it. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly signal: AbortSignal;
  /** Called with the command that was typed, before it runs. */
  readonly onCommand?: (command: CommandEntry) => void;
}

/** Runs one command line, without the program's name. Returns its exit code: every error is shown here, once. */
export async function main(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { signal } = surroundings;
  let exitCode: ExitCode | undefined;
  const program = createProgram(surroundings, async (entry, command) => {
    const options = command.optsWithGlobals<TerminalOptions & { fleet: string } & Record<string, unknown>>();
    const context = {
      terminal: createTerminal(options, surroundings),
      fleet: options.fleet,
      signal,
      flags: flagsOf(options),
      args: command.args,
      commands: commandTable,
    };
    surroundings.onCommand?.(entry);
    exitCode = await (await entry.load()).run(context);
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode ?? (signal.aborted ? ExitCode.interrupted : ExitCode.done);
  } catch (error) {
    return explain(error, surroundings, argv.includes("--json"));
  }
}

/** A user's mistake is one sentence; a defect of ours keeps its stack and cause. */
function explain(error: unknown, { stdout, stderr, signal }: Surroundings, json: boolean): ExitCode {
  const writeError = (message: string, exitCode: ExitCode): void => {
    if (json) stdout.write(`${JSON.stringify({ schemaVersion: 1, error: { message, exitCode } })}\n`);
  };
  // Commander has written its own message by now; asking for help or the version is no mistake.
  if (error instanceof CommanderError) {
    const exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    if (exitCode !== ExitCode.done) writeError(error.message.replace(/^error: /, ""), exitCode);
    return exitCode;
  }
  const exitCode = signal.aborted
    ? ExitCode.interrupted
    : error instanceof UserError
      ? error.exitCode
      : exitCodeByName(error);
  const message = error instanceof Error ? error.message : String(error);
  writeError(message, exitCode);
  const known = error instanceof UserError || signal.aborted || exitCode === ExitCode.usage;
  stderr.write(
    known ? `lbctl: ${message}\n` : `lbctl: this is a defect in lbctl, please report it.\n${stackOf(error)}\n`,
  );
  return exitCode;
}

/** What placement rejects is a mistake in a flag; it can't use our error class, because it imports nothing. */
const exitCodeByName = (error: unknown): ExitCode =>
  error instanceof Error && ["PlacementError", "ConfigError"].includes(error.name) ? ExitCode.usage : ExitCode.failed;

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\nbecause of ${stackOf(error.cause)}`;
  return `${error.stack}${cause}`;
}
