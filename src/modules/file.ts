import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as nodeModule from "node:module";
import { basename } from "node:path";
import { PlacementError } from "../placement/index.ts";

/** The most that a module may have: two of them, as JSON, are to fit into one request to the control API. */
export const MAX_SOURCE_BYTES = 256 * 1024;

/**
 * What a module is called: its file's name and the first 8 hexadecimal digits of its source's SHA-256, so that another
 * source is another module. No sign in it means anything in the text of a policy, a list or a scenario.
 */
export function moduleName(file: string, source: string): string {
  const fingerprint = createHash("sha256").update(source).digest("hex").slice(0, 8);
  return `${basename(file).replace(/[^A-Za-z0-9._-]/g, "_")}#${fingerprint}`;
}

/** Reads a module's source, without the types of TypeScript. Throws a PlacementError that names the file. */
export async function readSource(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new PlacementError(`The module ${file} can't be read (${error.code ?? error.message}): name another.`);
  });
  const source = /\.[cm]?ts$/.test(file) ? withoutTypes(file, text) : text;
  if (Buffer.byteLength(source) <= MAX_SOURCE_BYTES) return source;
  throw new PlacementError(
    `The module ${file} has more than ${MAX_SOURCE_BYTES / 1024} KiB: leave out what it can do without.`,
  );
}

/** Newer than the types of the oldest Node.js that we run on. */
type StripTypes = (code: string) => string;

function withoutTypes(file: string, text: string): string {
  const strip: unknown = Reflect.get(nodeModule, "stripTypeScriptTypes");
  if (typeof strip !== "function") {
    throw new PlacementError(
      `${file} is TypeScript, which Node.js ${process.versions.node} can't run: use Node.js 22.13 or newer, or give it as JavaScript.`,
    );
  }
  try {
    return (strip as StripTypes)(text);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new PlacementError(`${file} can't be read as TypeScript whose types are left out: ${words}.`);
  }
}
