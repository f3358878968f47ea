import type { CommandEntry, Context } from "../context.ts";
import { usageError } from "../errors.ts";
import { flagValues } from "../flag-values.ts";

type Commands = readonly CommandEntry[];

const globals = ["--fleet", "--json", "--quiet", "--verbose", "--no-color", "--help"];

const flagsOf = (entry: CommandEntry): string[] =>
  entry.options.map(([flags]) => flags.split(" ")[0] ?? "").concat(globals);

const namesOf = (commands: Commands): string => commands.map(({ name }) => name).join(" ");

/** Every shell that a script can be made for. */
const shells: Readonly<Record<string, (commands: Commands) => string>> = { bash, zsh, fish };

/** Prints a completion script, made from the command table. */
export async function run({ args, commands, terminal }: Context): Promise<undefined> {
  const script = shells[args[0] ?? ""];
  if (!script) throw usageError(`completion takes ${Object.keys(shells).join(", ")}, not "${args[0]}".`);
  terminal.write(script(commands));
}

function bash(commands: Commands): string {
  const flags = commands.map((entry) => `    ${entry.name}) words="${flagsOf(entry).join(" ")}" ;;`).join("\n");
  const values = Object.entries(flagValues).map(([flag, words]) => `    ${flag}) words="${words.join(" ")}" ;;`);
  return `_lbctl() {
  local words="${namesOf(commands)}" current="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[1]}" in
${flags}
  esac
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${namesOf(commands)}"
  local last="\${current##*,}"
  COMPREPLY=($(compgen -P "\${current%"$last"}" -W "$words" -- "$last"))
}
complete -o default -F _lbctl lbctl
`;
}

function zsh(commands: Commands): string {
  return `#compdef lbctl
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`;
}

const valuesOf = (flag: string): string => (flagValues[flag] ? ` -xa '${flagValues[flag]?.join(" ")}'` : "");

function fish(commands: Commands): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
  const first = commands.map(
    ({ name, summary }) => `complete -c lbctl -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
  );
  const flags = commands.flatMap((entry) =>
    flagsOf(entry).map(
      (flag) => `complete -c lbctl -n '__fish_seen_subcommand_from ${entry.name}' -l ${flag.slice(2)}${valuesOf(flag)}`,
    ),
  );
  return `${[...first, ...flags].join("\n")}\n`;
}
