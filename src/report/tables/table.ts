import { styleText } from "node:util";
import Table from "cli-table3";
import { wrapped } from "../../format.ts";

/** How a table is shown: with colour or without, and in how many columns. */
export interface Look {
  readonly color: boolean;
  readonly width: number;
}

export interface Column {
  readonly head: string;
  /** Figures stand to the right, names (the default) to the left. */
  readonly align?: "left" | "right";
}

/** One row: its cells, or a heading over the whole width for the rows that follow. */
export type Row = readonly string[] | { readonly heading: string };

type Style = Parameters<typeof styleText>[0];

/** Text in a style, or as it is without colour. */
export const paint = (look: Look, style: Style, text: string): string =>
  // The caller has decided: newer versions of Node would look at stdout themselves.
  look.color ? styleText(style, text, { validateStream: false }) : text;

/** A table with one thin rule above, below its head, and at its end; no line between rows. */
export function table(columns: readonly Column[], rows: readonly Row[], look: Look): string {
  const drawn = new Table({
    head: columns.map((column) => paint(look, "bold", column.head)),
    colAligns: columns.map((column) => column.align ?? "left"),
    chars: { ...noLines, top: "─", "top-mid": "──", mid: "─", "mid-mid": "──", bottom: "─", "bottom-mid": "──" },
    style: { head: [], border: look.color ? ["gray"] : [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  for (const row of rows) drawn.push("heading" in row ? [headingCell(row.heading, columns.length, look)] : [...row]);
  return drawn.toString().replace(/ +$/gm, "");
}

const headingCell = (heading: string, colSpan: number, look: Look) => ({
  content: paint(look, "cyan", heading),
  colSpan,
  hAlign: "left" as const,
});

const noLines = {
  "top-left": "",
  "top-right": "",
  left: "",
  "left-mid": "",
  right: "",
  "right-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  middle: "  ",
};

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `fraction` of `width` columns, exact to an eighth of a column. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
  return "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
}

/** Lines of "Label  sentence", wrapped to the width with the sentences below one another. */
export function notes(entries: readonly (readonly [label: string, sentence: string])[], look: Look): string {
  const indent = Math.max(0, ...entries.map(([label]) => label.length)) + 2;
  return entries
    .map(([label, sentence]) => {
      const lines = wrapped(sentence, look.width - indent).join(`\n${" ".repeat(indent)}`);
      return `${paint(look, "bold", label)}${" ".repeat(indent - label.length)}${lines}`;
    })
    .join("\n");
}
