import type { CommandEntry } from "./context.ts";

/** Documentation that is made from the command table: a page for docs/, and man pages. */

type Row = readonly [name: string, description: string, fallback?: string];

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
const withFallback = ([, description, fallback]: Row): string =>
  fallback === undefined ? description : `${description} (default: ${fallback})`;

/** Returns docs/reference.md: every command with its arguments, options and examples. */
export function referencePage(commands: readonly CommandEntry[]): string {
  const sections = commands.map((entry) => {
    const rows: readonly Row[] = [...(entry.arguments ?? []), ...entry.options];
    const list = rows.map((row) => `- \`${row[0]}\`: ${cell(withFallback(row))}\n`).join("");
    const examples = `\`\`\`sh\n${entry.examples.join("\n")}\n\`\`\`\n`;
    const about = entry.description ?? entry.summary;
    return `## ${entry.name}\n\n${cell(about)}\n\n${list}${list === "" ? "" : "\n"}${examples}`;
  });
  const intro =
    "Made from the command table, as `lbctl COMMAND --help` is; `npm run docs` writes it anew. Every command also takes\n" +
    "`--fleet <name>`, `--json`, `--quiet`, `--verbose`, `--no-color` and `--help`.\n";
  return `# Commands and options\n\n${intro}\n${sections.join("\n")}`;
}

/** Text for troff: its own characters escaped, and no line that it would take for a request. */
const roff = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");

const tagged = (rows: readonly Row[]): string =>
  rows.map((row) => `.TP\n.B ${roff(row[0])}\n${roff(withFallback(row))}\n`).join("");

const page = (name: string, version: string, summary: string, rest: string): string =>
  `.TH ${name.toUpperCase()} 1 "" "lbctl ${version}"\n.SH NAME\n${roff(name)} \\- ${roff(summary)}\n${rest}`;

/** Returns the man pages by their file names: `lbctl.1`, and `lbctl-COMMAND.1` for each command. */
export function manPages(commands: readonly CommandEntry[], version: string): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  const all = tagged(commands.map(({ name, summary }) => [`lbctl-${name}(1)`, summary]));
  const synopsis = ".SH SYNOPSIS\n.B lbctl\n.I command\n[options]\n";
  pages.set(
    "lbctl.1",
    page("lbctl", version, "see how a load balancer spreads load", `${synopsis}.SH COMMANDS\n${all}`),
  );
  for (const { name, summary, description, options, arguments: args = [], examples } of commands) {
    const words = args.map(([word]) => ` ${word}`).join("");
    const parts = [
      `.SH SYNOPSIS\n.B lbctl ${name}\n[options]${roff(words)}\n`,
      `.SH DESCRIPTION\n${roff(description ?? summary)}\n`,
      args.length === 0 ? "" : `.SH ARGUMENTS\n${tagged(args)}`,
      options.length === 0 ? "" : `.SH OPTIONS\n${tagged(options)}`,
      `.SH EXAMPLES\n.nf\n${roff(examples.join("\n"))}\n.fi\n`,
    ];
    pages.set(`lbctl-${name}.1`, page(`lbctl-${name}`, version, summary, parts.join("")));
  }
  return pages;
}
