import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/** The built command, as a user has it. */
const bin = new URL("../bin/lbctl.js", import.meta.url).pathname;

let fleets = 0;

/** A data port with room for 40 servers above it that no other test of this run uses: workers and calls apart. */
export const freshPort = (): number =>
  20_001 + (Number(process.env.VITEST_POOL_ID ?? 1) % 100) * 400 + (fleets++ % 10) * 40;

/** A place of its own for state and reports; on disposal every fleet in it is taken down and it is removed. */
export async function sandbox() {
  const folder = await mkdtemp(join(tmpdir(), "lbctl-test-"));
  const env = { LBCTL_HOME: join(folder, "home") };
  // What a failed test leaves running ends with the sandbox.
  const ending = new AbortController();
  const start = (args: readonly string[], more: Record<string, string> = {}) =>
    execa(process.execPath, [bin, ...args], {
      cwd: folder,
      env: { NO_COLOR: "1", ...env, ...more },
      reject: false,
      stdin: "pipe",
      cancelSignal: ending.signal,
    });
  return {
    folder,
    home: env.LBCTL_HOME,
    /** Starts lbctl; the caller writes to it, signals it or waits for it. */
    start,
    /** Runs lbctl to its end. */
    run: async (...args: string[]) => {
      const child = start(args);
      child.stdin?.end();
      const { stdout, stderr, exitCode } = await child;
      return { stdout: String(stdout), stderr: String(stderr), exitCode };
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await execa(process.execPath, [bin, "down", "--all"], { env, cwd: folder });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Sandbox = Awaited<ReturnType<typeof sandbox>>;
