import type { CommandEntry } from "./context.ts";
import { ExitCode, UserError } from "./errors.ts";
import { main } from "./main.ts";

const interruption = new AbortController();
let current: CommandEntry | undefined;

// The first SIGINT, SIGTERM or SIGHUP (a closed terminal) aborts, so that work can be rolled back. The second ends the
// process, and so does the first where nothing has to be put right. A command that hears SIGHUP itself is left to it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    if (signal === "SIGHUP" && current?.hearsHangup) return;
    const isSecond = interruption.signal.aborted;
    if (isSecond) process.stderr.write("lbctl: ended at once; what was under way was not waited for.\n");
    if (isSecond || !current?.endsItself) process.exit(ExitCode.interrupted);
    interruption.abort(new UserError("Interrupted.", ExitCode.interrupted));
  });

// A reader that has seen enough (`lbctl place … | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(ExitCode.done);
});
// A terminal that was closed takes no more words; what is under way still has to be rolled back.
process.stderr.on("error", () => {});

process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
  onCommand: (command) => {
    current = command;
  },
});
