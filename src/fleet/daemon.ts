import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { identify, type ProcessIdentity } from "./process-identity.ts";

/**
 * Starts a Node script that outlives this process, with nothing but the given environment and its output appended to a
 * file; null when it ended at once. (node:child_process, because execa's types take no file descriptor, and its own
 * file output goes through the parent, which may be gone tomorrow.)
 */
export async function startDaemon(
  script: string,
  args: readonly string[],
  env: Record<string, string>,
  logFile: string,
): Promise<ProcessIdentity | null> {
  const log = openSync(logFile, "a", 0o600);
  try {
    const child = spawn(process.execPath, [script, ...args], {
      env,
      stdio: ["ignore", log, log],
      detached: true,
      // The folder that it is started from may be removed one day.
      cwd: "/",
    });
    child.unref();
    // A program that can't be started has no pid, and says so below.
    child.on("error", () => {});
    return child.pid === undefined ? null : await identify(child.pid);
  } finally {
    closeSync(log);
  }
}
