import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { codeOf, UserError } from "../errors.ts";

/** Nothing that is a key is longer; without a limit a file without line ends would be read whole. */
const LONGEST_LINE = 2 ** 20;

/**
 * The lines of a text file, without the empty ones and without their ends, as they are read: `-` is standard input, and
 * a name that ends in .gz is unpacked. A file that can't be read or is no text is a UserError.
 */
export async function* keyLines(path: string): AsyncGenerator<string> {
  try {
    for await (const line of linesOf(path)) if (line !== "") yield line;
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`The keys file ${path} can't be read (${codeOf(cause)}): name another.`, 1, { cause });
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of open(path).setEncoding("utf8")) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    assertText(path, chunk, rest);
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
  yield rest;
}

function assertText(path: string, chunk: string, rest: string): void {
  if (chunk.includes("\0")) throw new UserError(`The keys file ${path} is not text: name one with a key a line.`);
  if (rest.length > LONGEST_LINE)
    throw new UserError(`The keys file ${path} has a line of more than a megabyte: name one with a key a line.`);
}

function open(path: string): Readable {
  if (path === "-") return process.stdin;
  const file = createReadStream(path);
  if (!path.endsWith(".gz")) return file;
  const unpacked = createGunzip();
  // A pipe does not carry errors along, and whoever reads has to hear of them.
  file.on("error", (error) => unpacked.destroy(error));
  return file.pipe(unpacked);
}
