import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { commandTable } from "../src/command-table.ts";
import { createProgram } from "../src/program.ts";
import { manPages, referencePage } from "../src/reference.ts";

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...readdirSync("docs").map((name) => `docs/${name}`),
];
const textOf = (page: string): string => readFileSync(page, "utf8");

/** The lines of a page's shell blocks. */
const shellLines = (page: string): string[] =>
  [...textOf(page).matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
    block.replaceAll("\\\n", " ").split("\n"),
  );

/** The words of one command, as a shell splits them; quotes group, and what ends a command ends the list. */
function words(command: string): string[] {
  const found: string[] = [];
  for (const [, single, double, plain] of command.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)) {
    if (plain !== undefined && /^[|;&#>]/.test(plain)) break;
    found.push(single ?? double ?? (plain as string));
  }
  return found;
}

/** Every `lbctl …` in a line, behind a pipe or an assignment too. */
const lbctlCommands = (line: string): string[] =>
  line
    .replace(/\s#.*$/, "")
    .split(/&&|\||;/)
    .map((part) => part.trim().replace(/^(?:[A-Z_]+=\S+ )+/, ""))
    .filter((part) => part.startsWith("lbctl "));

const documented = pages.flatMap((page) =>
  shellLines(page).flatMap((line) => lbctlCommands(line).map((command) => [page, command] as const)),
);

/** Rejects with commander's own message where a command, a flag or an argument is not what it should be. */
async function parse(command: string): Promise<string | undefined> {
  let ran: string | undefined;
  const quiet = (program: Command): Command => {
    for (const each of [program, ...program.commands]) each.exitOverride().configureOutput({ writeErr: () => {} });
    return program;
  };
  const program = quiet(
    createProgram(process, async ({ name }) => {
      ran = name;
    }),
  );
  await program.parseAsync(words(command).slice(1), { from: "user" });
  return ran;
}

describe("the docs", () => {
  test.each(documented)("%s: %s can be typed", async (_page, command) => {
    expect(await parse(command)).toBe(words(command)[1]);
  });

  test("would be found out by a flag that does not exist", async () => {
    await expect(parse("lbctl send --cuont 5")).rejects.toThrow(/unknown option/);
    expect(documented.length).toBeGreaterThan(40);
  });

  test.each(commandTable.flatMap(({ name, examples }) => examples.map((example) => [name, example] as const)))(
    "the help's example of %s can be typed: %s",
    async (_name, example) => {
      for (const command of lbctlCommands(example)) expect(await parse(command)).toBe(words(command)[1]);
    },
  );

  test("docs/reference.md is what the command table says: npm run docs writes it", () => {
    expect(textOf("docs/reference.md")).toBe(referencePage(commandTable));
  });

  test.each(pages)("%s links to what is there", (page) => {
    const links = [...textOf(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, to = ""]) => to);
    for (const to of links.filter((to) => !/^[a-z]+:/.test(to)))
      expect(() => readFileSync(join(dirname(page), to))).not.toThrow();
  });

  test.each(readdirSync("docs"))("docs/%s can be reached from the README", (name) => {
    const linked = pages.filter((page) => page !== `docs/${name}`).some((page) => textOf(page).includes(`${name})`));
    expect(linked).toBe(true);
  });

  test("the README is short", () => {
    expect(textOf("README.md").split("\n").length).toBeLessThanOrEqual(150);
  });
});

test("there is a man page for each command, with each of its options", () => {
  const man = manPages(commandTable, "1.2.3");
  expect(man.size).toBe(commandTable.length + 1);
  for (const { name, options } of commandTable) {
    const text = man.get(`lbctl-${name}.1`)?.replaceAll("\\-", "-") ?? "";
    expect(text).toMatch(/^\.TH LBCTL-\S+ 1 "" "lbctl 1\.2\.3"$/m);
    for (const [flags] of options) expect(text).toContain(`.B ${flags}`);
  }
});
