// How figures of balancers are shown: in tables of 80 columns, with what is wanted below them.
import { count } from "../../../dist/src/format.js";
import { notes, table } from "../../../dist/src/report/tables/table.js";
import { apart, programs } from "./machine.js";

const look = { color: false, width: 80 };

/** Three digits of a figure that is not counted. */
export const figure = (value) => (value >= 100 ? count(value) : value.toFixed(value >= 10 ? 1 : 2));
export const mebibytes = (bytes) => count(bytes / 2 ** 20);

/** The median of the rounds' ratios, and what they were between. */
export const ratioCells = (ratio) =>
  ratio === null ? ["–", "–"] : [ratio.median.toFixed(2), `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`];

/** The heads of a ratio. */
export const ratioHeads = (of, rounds) => [`÷ ${of}`, rounds === 1 ? "1 round" : `${rounds} rounds`];

/**
 * A table with remarks below it. The first head is that of names, the others are those of figures.
 * @param {string[]} columnHeads
 * @param {string[][]} rows
 * @param {string[][]} remarks each a label and a sentence
 */
export function shown(columnHeads, rows, remarks) {
  const [first, ...heads] = columnHeads;
  const columns = [{ head: first }, ...heads.map((head) => ({ head, align: /** @type {const} */ ("right") }))];
  return [
    table(columns, rows, look),
    ...(remarks.length > 0 ? [notes(/** @type {[string, string][]} */ (remarks), look)] : []),
  ].join("\n");
}

const versions = () =>
  Object.entries({ nginx: programs.nginx, HAProxy: programs.haproxy, wrk: programs.wrk }).map(([name, found]) =>
    found === null ? `${name} is not installed` : `${name} ${found.version}`,
  );

/** What was there to compare with and to measure by; what is not installed is left out. */
export const peers = () => ["Beside", `${versions().join(", ")}.`];

/** Where what is kept apart runs. */
export const where = () => [
  "Where",
  apart.balancer === undefined
    ? "All on the same cores: taskset, or a second core, is missing."
    : "The balancer on one core, its three servers and the load on another.",
];

/** Requests without an answer of status 200, where there were any. */
export const failures = (rows) => {
  const failed = rows.filter((row) => row.failed > 0).map((row) => `${count(row.failed)} of ${row.name}`);
  return failed.length === 0 ? [] : [["Failed", `${failed.join("; ")}.`]];
};
