import { Command } from "commander";
import { commandTable } from "./command-table.ts";
import type { CommandEntry } from "./context.ts";
import { version } from "./package-root.ts";
import type { Outputs } from "./terminal.ts";

/** Returns the command line as commander parses it, made from the command table; `run` is called with the command that was typed. */
export function createProgram(
  { stdout, stderr }: Outputs,
  run: (entry: CommandEntry, command: Command) => Promise<void>,
): Command {
  const program = new Command("lbctl")
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      // Where there is no screen, as wide as commander makes it.
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
    })
    .description(
      "See how a load balancer spreads load: a real balancer, a real fleet, real load, and a simulator to trust.",
    )
    .version(version, "-V, --version", "show the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .option("--fleet <name>", "which fleet; several can run side by side", "default")
    .option("--json", "results as one line of JSON on stdout")
    .option("--quiet", "no progress and no notes")
    .option("--verbose", "more detail on stderr")
    .option("--no-color", "no colours (as the environment variable NO_COLOR)")
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showHelpAfterError("(lbctl --help lists what there is)")
    .exitOverride()
    .addHelpText(
      "after",
      "\nThe main job:\n  lbctl up\n  lbctl send --count 10000\n  lbctl analyze --servers 2..6\n  lbctl down\n",
    );
  for (const entry of commandTable) {
    const command = program
      .command(entry.name)
      .summary(entry.summary)
      .description(entry.description ?? entry.summary);
    for (const [flags, description, fallback] of entry.options) command.option(flags, description, fallback);
    for (const [name, description] of entry.arguments ?? []) command.argument(name, description);
    command.addHelpText("after", `\nExamples:\n${entry.examples.map((example) => `  ${example}`).join("\n")}\n`);
    command.action(() => run(entry, command));
  }
  return program;
}
