import { open, readdir, watch } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { LogOptions } from "./driver.ts";

/** Copies the log files of a folder, or one of them, line by line: the last `lines` of each, then what is added. */
export async function followFiles(folder: string, name: string | undefined, options: LogOptions): Promise<void> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".log")).sort();
  const chosen = name === undefined ? files : files.filter((file) => file === `${name}.log`);
  if (chosen.length === 0)
    throw new UserError(
      `There is no log of ${name ?? "this fleet"}; there are ${files.map((file) => file.slice(0, -4)).join(", ") || "none"}.`,
    );
  await Promise.all(chosen.map((file) => followFile(join(folder, file), chosen.length > 1, options)));
}

async function followFile(path: string, prefixed: boolean, options: LogOptions): Promise<void> {
  const prefix = prefixed ? `${path.slice(path.lastIndexOf("/") + 1, -4)} | ` : "";
  const print = (lines: readonly string[]) => {
    for (const line of lines) options.write(`${prefix}${line}`);
  };
  const file = await open(path);
  try {
    let rest = "";
    const fresh = async (): Promise<string[]> => {
      const lines = (rest + (await file.readFile("utf8"))).split("\n");
      rest = lines.pop() ?? "";
      return lines;
    };
    const lines = await fresh();
    print(lines.slice(Math.max(0, lines.length - options.lines)));
    if (!options.follow) return print(rest ? [rest] : []);
    for await (const _ of watch(path, { signal: options.signal })) print(await fresh());
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    await file.close();
  }
}
