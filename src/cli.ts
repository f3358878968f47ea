import { CommanderError } from "commander";
import { commandTable } from "./command-table.ts";
import { type CommandEntry, flagsOf } from "./context.ts";
import { ExitCode, UserError } from "./errors.ts";
import { createProgram } from "./program.ts";
import { createTerminal, type TerminalOptions } from "./terminal.ts";

/** The one place where errors are shown and the exit code is set. */
async function main(argv: readonly string[]): Promise<ExitCode> {
  let current: CommandEntry | undefined;
  const interrupted = interruptOnSignals(() => current);
  let exitCode: ExitCode | undefined;
  const program = createProgram(async (entry, command) => {
    const options = command.optsWithGlobals<TerminalOptions & { fleet: string } & Record<string, unknown>>();
    const context = {
      terminal: createTerminal(options),
      fleet: options.fleet,
      signal: interrupted,
      flags: flagsOf(options),
      args: command.args,
      commands: commandTable,
    };
    current = entry;
    exitCode = await (await entry.load()).run(context);
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode ?? (interrupted.aborted ? ExitCode.interrupted : ExitCode.done);
  } catch (error) {
    return explain(error, interrupted.aborted, argv.includes("--json"));
  }
}

/**
 * Aborts on the first SIGINT, SIGTERM or SIGHUP (a closed terminal), so that work can be rolled back. The second ends
 * the process, and so does the first where nothing has to be put right. A command that hears SIGHUP itself is left to.
 */
function interruptOnSignals(current: () => CommandEntry | undefined): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (signal === "SIGHUP" && current()?.hearsHangup) return;
      if (controller.signal.aborted)
        process.stderr.write("lbctl: ended at once; what was under way was not waited for.\n");
      if (controller.signal.aborted || !current()?.endsItself) process.exit(ExitCode.interrupted);
      controller.abort(new UserError("Interrupted.", ExitCode.interrupted));
    });
  return controller.signal;
}

/** A user's mistake is one sentence; a defect of ours keeps its stack and cause. */
function explain(error: unknown, aborted: boolean, json: boolean): ExitCode {
  // Commander has written its own message by now; asking for help or the version is no mistake.
  if (error instanceof CommanderError) {
    const exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    if (json && exitCode !== ExitCode.done) writeError(error.message.replace(/^error: /, ""), exitCode);
    return exitCode;
  }
  const exitCode = aborted ? ExitCode.interrupted : error instanceof UserError ? error.exitCode : exitCodeByName(error);
  const message = error instanceof Error ? error.message : String(error);
  if (json) writeError(message, exitCode);
  const known = error instanceof UserError || aborted || exitCode === ExitCode.usage;
  process.stderr.write(
    known ? `lbctl: ${message}\n` : `lbctl: this is a defect in lbctl, please report it.\n${stackOf(error)}\n`,
  );
  return exitCode;
}

const writeError = (message: string, exitCode: ExitCode): void => {
  process.stdout.write(`${JSON.stringify({ schemaVersion: 1, error: { message, exitCode } })}\n`);
};

/** What placement rejects is a mistake in a flag; it can't use our error class, because it imports nothing. */
const exitCodeByName = (error: unknown): ExitCode =>
  error instanceof Error && ["PlacementError", "ConfigError"].includes(error.name) ? ExitCode.usage : ExitCode.failed;

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\nbecause of ${stackOf(error.cause)}`;
  return `${error.stack}${cause}`;
}

// A reader that has seen enough (`lbctl place … | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(ExitCode.done);
});
// A terminal that was closed takes no more words; what is under way still has to be rolled back.
process.stderr.on("error", () => {});

process.exitCode = await main(process.argv.slice(2));
