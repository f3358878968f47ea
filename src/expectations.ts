import { usageError } from "./errors.ts";

const comparisons: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  "<=": (value, limit) => value <= limit,
  ">=": (value, limit) => value >= limit,
  "<": (value, limit) => value < limit,
  ">": (value, limit) => value > limit,
  "=": (value, limit) => value === limit,
};

/**
 * Checks conditions such as `failed<=0,latencyMs.p99<50` against the fields of a JSON result and returns a sentence for
 * each that does not hold. With null for a result only the conditions' form is checked. A condition that can't be read
 * or names no number of the result is a usage error.
 */
export function unmetExpectations(conditions: string, result: object | null): string[] {
  const parts = conditions.split(",").filter((part) => part.trim() !== "");
  return parts.flatMap((part) => {
    const [, path = "", sign = "", limit = ""] =
      /^\s*([\w.-]+)\s*(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(part) ?? [];
    const holds = comparisons[sign];
    if (!holds) throw usageError(`--expect can't read "${part}": write it as failed<=0 or latencyMs.p99<50.`);
    if (result === null) return [];
    const value = numberAt(result, path);
    return holds(value, Number(limit)) ? [] : [`Expected ${part.trim()}, but ${path} is ${value}.`];
  });
}

function numberAt(result: object, path: string): number {
  let value: unknown = result;
  for (const name of path.split("."))
    value = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof value === "number") return value;
  throw usageError(`--expect names ${path}, which is no number of the result: \`lbctl send --json\` shows them.`);
}
