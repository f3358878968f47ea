import { UserError, usageError } from "../errors.ts";
import { keyLines } from "./key-lines.ts";
import { countedKeys, type WeightedKeys } from "./weighted-keys.ts";

/** What a line of a keys file says; null where it has no key. */
export type ReadKey = (line: string) => string | null;

/** `host ident user [time] "METHOD target HTTP/x" status bytes`, and in the combined format two quoted fields more. */
const logLine = /^(?<host>\S+) \S+ (?<user>\S+) \[[^\]]*\] "(?<method>\S+) (?<target>\S+)[^"]*" \d{3} \S+/;
const logFields = ["host", "user", "method", "target"] as const;

/**
 * How to find the key in a line: a column from 1 (apart by blanks, commas or tabs), `host`, `user`, `method` or `target`
 * of the common and combined log formats, or `/regular expression/` whose first group, or whole match, is the key.
 * Without a field the line is the key. Anything else is a usage error.
 */
export function parseKeyField(text: string | undefined): ReadKey {
  if (text === undefined) return (line) => line;
  if (/^[1-9]\d{0,3}$/.test(text)) return column(Number(text));
  const field = logFields.find((name) => name === text);
  if (field !== undefined) return (line) => logLine.exec(line)?.groups?.[field] ?? null;
  if (text.length > 2 && text.startsWith("/") && text.endsWith("/")) return pattern(text.slice(1, -1));
  throw usageError(
    `--key-field takes a column from 1, ${logFields.join(", ")} of an access log, or /regular expression/, not "${text}".`,
  );
}

const column = (number: number): ReadKey => {
  return (line) => line.split(/[\s,]+/, number)[number - 1] || null;
};

function pattern(source: string): ReadKey {
  let expression: RegExp;
  try {
    expression = new RegExp(source, "u");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(`--key-field can't use this expression: ${why}.`);
  }
  return (line) => {
    const match = expression.exec(line);
    return match ? (match[1] ?? match[0]) : null;
  };
}

/** The keys of a file, and how many of its lines have none. */
export interface KeysFile {
  readonly keys: WeightedKeys;
  readonly lines: number;
  readonly withoutKey: number;
}

/**
 * Counts the keys of a file. Memory grows with the distinct keys, not with the lines. A file that can't be read, is not
 * text, or holds no key is a UserError.
 */
export async function readKeysFile(path: string, readKey: ReadKey): Promise<KeysFile> {
  const counts = new Map<string, number>();
  let lines = 0;
  let withoutKey = 0;
  for await (const line of keyLines(path)) {
    lines++;
    const key = readKey(line);
    if (key === null) withoutKey++;
    else counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  if (counts.size > 0) return { keys: countedKeys(counts), lines, withoutKey };
  throw new UserError(
    lines === 0
      ? `The keys file ${path} is empty.`
      : `None of the ${lines} lines of ${path} has the key that --key-field asks for.`,
  );
}
