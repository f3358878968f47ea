import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/** The built command, as a user has it. */
const bin = new URL("../bin/lbctl.js", import.meta.url).pathname;

/** 20001 to 29601: below the ports of the peers (placement/peers/daemon.ts) and those of outgoing connections. */
const firstPort = 20_001;
const portsEach = 40;
const blocks = 240;
let block = process.pid * 31;

/** A data port with room for 38 servers above it, which nothing listens on now and no other test of this run is given. */
export function freshPort(): number {
  for (let tries = 0; tries < blocks; tries++) {
    const port = firstPort + (block++ % blocks) * portsEach;
    if (!listening().some((taken) => taken >= port - 1 && taken < port + portsEach - 1)) return port;
  }
  throw new Error("no block of ports is free");
}

/** Ports that are listened on, where the system tells (state 0A of /proc/net/tcp). */
function listening(): number[] {
  const rows = existsSync("/proc/net/tcp") ? readFileSync("/proc/net/tcp", "latin1").split("\n") : [];
  const fields = rows.map((row) => row.trim().split(/\s+/)).filter((row) => row[3] === "0A");
  return fields.map((row) => Number.parseInt(row[1]?.split(":")[1] ?? "", 16));
}

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
      // A sandbox in which no fleet was ever up has nothing to take down.
      if (existsSync(env.LBCTL_HOME)) await execa(process.execPath, [bin, "down", "--all"], { env, cwd: folder });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Sandbox = Awaited<ReturnType<typeof sandbox>>;
