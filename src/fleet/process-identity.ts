import { readFile } from "node:fs/promises";
import * as z from "zod";
import { codeOf } from "../errors.ts";

/** A process and when it began: a pid alone may by now be somebody else's. */
export const processIdentitySchema = z.object({ pid: z.int().positive(), begun: z.string() });
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** Who a pid is now; null when there is no such process, or only its remains (a zombie). */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  const begun = process.platform === "linux" ? await begunOnLinux(pid) : await begunByPs(pid);
  return begun === null ? null : { pid, begun };
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.begun === identity.begun;
}

/** Field 22 of /proc/PID/stat, in clock ticks since boot (proc(5)); the name before it may hold blanks and brackets. */
async function begunOnLinux(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return !fields || fields[0] === "Z" ? null : (fields[19] ?? null);
}

async function begunByPs(pid: number): Promise<string | null> {
  const { execa } = await import("execa");
  const { stdout, exitCode } = await execa("ps", ["-o", "lstart=", "-p", String(pid)], { reject: false });
  return exitCode === 0 ? stdout.trim() : null;
}

/** Asks a process to end, waits, and ends it after `graceMs`. One that is gone already is fine. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  for (const [signal, waitMs] of [
    ["SIGTERM", graceMs],
    ["SIGKILL", 5_000],
  ] as const) {
    if (!(await isAlive(identity))) return;
    signalProcess(identity.pid, signal);
    // A stopped process (paused) acts on SIGTERM only once it goes on.
    signalProcess(identity.pid, "SIGCONT");
    if (await gone(identity, waitMs)) return;
  }
}

async function gone(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  while (performance.now() < deadline) {
    if (!(await isAlive(identity))) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

/** Sends a signal to a process; one that has just ended is fine. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error;
  }
}
