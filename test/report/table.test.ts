import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { bar, notes, table } from "../../src/report/tables/table.ts";

const plain = { color: false, width: 80 };
const coloured = { color: true, width: 80 };

describe("table", () => {
  const columns = [{ head: "Server" }, { head: "Requests", align: "right" as const }];
  const rows = [{ heading: "Up" }, ["server-1", "12,345"], ["server-10", "7"]];

  test("has rules above, below its head and at its end", () => {
    expect(table(columns, rows, plain)).toMatchInlineSnapshot(`
      "───────────────────
      Server     Requests
      ───────────────────
      Up
      server-1     12,345
      server-10         7
      ───────────────────"
    `);
  });

  test("in colour says the same", () => {
    const text = table(columns, rows, coloured);
    expect(text).toContain("\x1b[");
    const words = (said: string) => stripVTControlCharacters(said).split(/\s+/);
    expect(words(text)).toStrictEqual(words(table(columns, rows, plain)));
  });
});

test.each([
  [0, ""],
  [1 / 16, "▌"],
  [0.5, "████"],
  [0.9, "███████▎"],
  [1, "████████"],
  [7, "████████"],
  [-1, ""],
])("a bar of %f of eight columns is %j", (fraction, drawn) => {
  expect(bar(fraction, 8)).toBe(drawn);
});

test("notes wrap below one another", () => {
  const entries = [["One", "two words and some more"] as const, ["Three", "four"] as const];
  expect(notes(entries, { color: false, width: 20 })).toBe("One    two words and\n       some more\nThree  four");
});
