import { readdir, readFile } from "node:fs/promises";
import { identify, type ProcessIdentity } from "./process-identity.ts";

/** The variable that every process of a fleet carries: the path of the fleet's folder. */
export const markOf = (path: string): Record<string, string> => ({ LBCTL_FLEET: path });

/**
 * Processes of a fleet that its records don't know: left by a supervisor that was killed between starting one and
 * writing it down. Linux only, where the environment of one's own processes can be read.
 */
export async function findOrphans(path: string, known: readonly number[]): Promise<ProcessIdentity[]> {
  const pids = (await readdir("/proc").catch(() => [])).map(Number).filter((pid) => pid > 0 && !known.includes(pid));
  const marked = await Promise.all(
    pids.map(async (pid) => ((await environmentOf(pid)).includes(mark(path)) ? identify(pid) : null)),
  );
  return marked.filter((one) => one !== null);
}

const mark = (path: string): string => `LBCTL_FLEET=${path}`;

const environmentOf = async (pid: number): Promise<string[]> =>
  (await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")).split("\0");
