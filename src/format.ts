/** How figures and names are written, the same in tables and in charts. */

const ENGLISH = "en-GB";

/** Makes a thing when it is first used: Intl's take 10 ms each, which every command would wait for as it starts. */
function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const natural = lazy(() => new Intl.Collator(ENGLISH, { numeric: true }));
const whole = lazy(() => new Intl.NumberFormat(ENGLISH, { maximumFractionDigits: 0 }));

/** A count with its thousands apart: 12,345. */
export const count = (value: number): string => whole().format(value);

/** A fraction as per cent, with the digits that matter: 0.04 %, 6.3 %, 107 %. */
export const percent = (fraction: number): string => `${percentFigure(fraction)} %`;

/** As `percent`, rounder, for a title or an axis: 1.5 %, 20 %, 84 %. */
export function roundPercent(fraction: number): string {
  const value = fraction * 100;
  if (Math.abs(value) >= 9.95) return `${value.toFixed(0)} %`;
  return `${Number(value.toPrecision(Math.abs(value) >= 0.095 ? 2 : 1))} %`;
}

/** As `percent`, without the sign, for a column whose head has it. */
export function percentFigure(fraction: number): string {
  const value = Math.abs(fraction * 100);
  const digits = value === 0 || value >= 99.95 ? 0 : value < 0.095 ? 2 : 1;
  return (fraction * 100).toFixed(digits).replace("-", "−");
}

/** A fraction as per cent with its sign: +4.2 %, −85.9 %. */
export const signedPercent = (fraction: number): string => `${fraction > 0 ? "+" : ""}${percent(fraction)}`;

/** A probability: three decimals, or that it is below them. */
export const probability = (p: number): string => (p < 0.001 ? "<0.001" : p.toFixed(3));

/** Milliseconds with three digits at most: 0.214 ms, 21.4 ms, 2,140 ms. */
export function milliseconds(ms: number): string {
  const digits = ms === 0 || ms >= 100 ? 0 : ms >= 10 ? 1 : ms >= 1 ? 2 : 3;
  return `${ms >= 1000 ? count(ms) : ms.toFixed(digits)} ms`;
}

/** Names of a tally in the order in which people count: server-2 before server-10. */
export const inNaturalOrder = (names: readonly string[]): string[] => names.toSorted(natural().compare);

/** "a", "a and b", "a, b and c". */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The cv that perfect random placement of so few keys would still show: √((N−1)/keys), however often each comes. */
export const chanceCv = (noiseFloorCv: number, count: number, keys: number | undefined): number =>
  keys === undefined || keys === 0 ? noiseFloorCv : noiseFloorCv * Math.sqrt(count / Math.min(keys, count || keys));

/** "1 server", "3 servers". */
export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

export const capitalised = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** How much of what the names have in common is kept beside the part that tells them apart. */
const CONTEXT = 8;

/** Names of at most `most` characters that still differ: what long ones have in common goes first, then their middle. */
export function shortNames(names: readonly string[], most: number): string[] {
  if (names.every((name) => name.length <= most)) return [...names];
  const head = Math.max(0, commonHead(names) - CONTEXT);
  const tail = Math.max(0, commonHead(names.map(reversed)) - CONTEXT);
  return names.map((name) => {
    const own = name.slice(head, Math.max(head, name.length - tail));
    return withoutMiddle(`${head > 0 ? "…" : ""}${own}${tail > 0 ? "…" : ""}`, most);
  });
}

function withoutMiddle(name: string, most: number): string {
  if (name.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return `${name.slice(0, head)}…${name.slice(name.length - (most - 1 - head))}`;
}

/** How many characters all names begin with; a single name has nothing in common with another. */
function commonHead(names: readonly string[]): number {
  const [first = "", ...others] = names;
  if (others.length === 0) return 0;
  const differs = [...first].findIndex((character, i) => others.some((other) => other[i] !== character));
  return differs === -1 ? first.length : differs;
}

const reversed = (name: string): string => [...name].reverse().join("");

/** Breaks a sentence at spaces (but not between a figure and its per cent sign) into lines of at most `width` characters; a longer word has a line of its own. */
export function wrapped(sentence: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(/ (?!%)/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
