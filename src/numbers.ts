import { usageError } from "./errors.ts";

/** A whole number within [min, max] from a flag or argument; anything else is a usage error that names `what`. */
export function wholeNumber(text: string, what: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(`${what} takes a whole number from ${min} to ${max}, not "${text}".`);
}

/**
 * Server counts from `3`, a range `2..6`, a list `2,4,8`, or a mix `2..4,8`: ascending and distinct.
 * A range that runs backwards, a zero or anything else is a usage error.
 */
export function serverCounts(text: string, max: number): number[] {
  const counts = text.split(",").flatMap((part) => range(part.trim(), text, max));
  return [...new Set(counts)].sort((a, b) => a - b);
}

function range(part: string, text: string, max: number): number[] {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(part);
  if (!match?.[1])
    throw usageError(`--servers takes a number, a range such as 2..6 or a list such as 2,4,8, not "${text}".`);
  const from = wholeNumber(match[1], "--servers", 1, max);
  const to = wholeNumber(match[2] ?? match[1], "--servers", 1, max);
  if (to < from) throw usageError(`The range ${part} runs backwards: write ${to}..${from}.`);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
