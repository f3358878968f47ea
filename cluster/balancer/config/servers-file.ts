import { readFile } from "node:fs/promises";
import { type Member, PlacementError, parseMembers } from "../../../src/placement/index.ts";
import { ConfigError } from "./address.ts";
import { codeOf } from "./error-code.ts";

/**
 * Reads the servers of a file, `NAME=ADDRESS[*WEIGHT]` a line; empty lines and what stands behind a `#` do not count.
 * Rejects with a ConfigError that names the line. A file without servers is one: it may be half written.
 */
export async function readServersFile(path: string): Promise<readonly Member[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw error instanceof Error
      ? new ConfigError(`${path} cannot be read (${codeOf(error)}): name a file with a server a line`)
      : error;
  });
  const lines = text.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*/, "").trim());
  const members = lines.flatMap((line, at) => (line === "" ? [] : [serverOf(line, `${path}, line ${at + 1}`)]));
  if (members.length === 0) throw new ConfigError(`${path} names no server: write one a line, a=127.0.0.1:3001`);
  return members;
}

function serverOf(line: string, where: string): Member {
  try {
    const [member, another] = parseMembers(line);
    if (member?.address === undefined || another !== undefined)
      throw new PlacementError(`'${line}' is not one server with an address: write a=127.0.0.1:3001`);
    return member;
  } catch (error) {
    throw error instanceof PlacementError ? new ConfigError(`${where}: ${error.message}`) : error;
  }
}
