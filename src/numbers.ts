import { usageError } from "./errors.ts";

/** A whole number within [min, max] from a flag or argument; anything else is a usage error that names `what`. */
export function wholeNumber(text: string, what: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(`${what} takes a whole number from ${min} to ${max}, not "${text}".`);
}

/**
 * Server counts from `3`, a range `2..6`, a list `2,4,8`, a mix `2..4,8`, or a list with a gap to fill: `2,4,8,…,1024`
 * (three dots do too). Ascending and distinct. A range that runs backwards, a zero or anything else is a usage error.
 */
export function serverCounts(text: string, max: number): number[] {
  const counts: number[] = [];
  const parts = text.split(",").map((part) => part.trim());
  for (const [at, part] of parts.entries()) {
    if (part === "…" || part === "...") counts.push(...filled(counts, range(parts[at + 1] ?? "", text, max)[0] ?? 0));
    else counts.push(...range(part, text, max));
  }
  return [...new Set(counts)].sort((a, b) => a - b);
}

function range(part: string, text: string, max: number): number[] {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(part);
  if (!match?.[1])
    throw usageError(
      `--servers takes a number, a range such as 2..6 or a list such as 2,4,8 or 2,4,8,…,64, not "${text}".`,
    );
  const from = wholeNumber(match[1], "--servers", 1, max);
  const to = wholeNumber(match[2] ?? match[1], "--servers", 1, max);
  if (to < from) throw usageError(`The range ${part} runs backwards: write ${to}..${from}.`);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** What `…` stands for after `before` and up to `to`: the steps go on by the same factor, or else by the same difference. */
function filled(before: readonly number[], to: number): number[] {
  const [a = 0, b = 0, c = 0] = before.slice(-3);
  const isFactor = b * b === a * c && b > a;
  const step = (value: number): number => (isFactor ? (value * b) / a : value + (c - b));
  if (before.length < 3 || !(isFactor || (c - b === b - a && b > a)) || to <= c)
    throw usageError(
      "A … goes on from three numbers, by their factor or their difference, up to one more: 2,4,8,…,64.",
    );
  const steps: number[] = [];
  for (let next = step(c); next < to; next = step(next)) steps.push(next);
  if (step(steps.at(-1) ?? c) === to) return steps;
  throw usageError(`${a},${b},${c},… does not come to ${to}: the last before it is ${steps.at(-1) ?? c}.`);
}
