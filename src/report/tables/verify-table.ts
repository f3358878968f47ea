import { plural, wrapped } from "../../format.ts";
import { type Look, paint, table } from "./table.ts";

/** A published figure beside ours. */
export interface VerifiedFigure {
  readonly what: string;
  readonly source: string;
  readonly expected: string;
  readonly ours: string;
  readonly ok: boolean;
}

const columns = [{ head: "" }, { head: "figure" }, { head: "expected" }, { head: "ours" }, { head: "source" }] as const;

/** Every figure with its verdict, and how many hold. */
export function verifyTable(figures: readonly VerifiedFigure[], look: Look): string {
  const column = Math.max(16, Math.floor((look.width - 10) / 4));
  const fold = (text: string) => wrapped(text, column).join("\n");
  const rows = figures.map((figure) => [
    figure.ok ? paint(look, "green", "✔") : paint(look, "red", "✘"),
    ...[figure.what, figure.expected, figure.ours, figure.source].map(fold),
  ]);
  const missed = figures.filter((figure) => !figure.ok).length;
  const verdict =
    missed === 0
      ? `All ${plural(figures.length, "figure")} hold.`
      : `${plural(missed, "figure")} of ${figures.length} do not hold.`;
  return `${table(columns, rows, look)}\n\n${verdict}`;
}
