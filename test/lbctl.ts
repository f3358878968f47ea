import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { execa } from "execa";
import { main } from "../src/main.ts";

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

/** Collects what is written to it. */
class Captured extends Writable {
  text = "";

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

/**
 * A place of its own for state and reports: the working folder of this process until it is disposed of. Then every
 * fleet in it is taken down, and it is removed. A file of tests has one at a time.
 */
export async function sandbox() {
  const folder = await mkdtemp(join(tmpdir(), "lbctl-test-"));
  const env = { LBCTL_HOME: join(folder, "home") };
  const before = { folder: process.cwd(), home: process.env.LBCTL_HOME };
  process.chdir(folder);
  process.env.LBCTL_HOME = env.LBCTL_HOME;
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
    /** Starts lbctl as a process; the caller writes to it, signals it or waits for it. */
    start,
    /** Runs lbctl as a process to its end. */
    spawn: async (...args: string[]) => {
      const child = start(args);
      child.stdin?.end();
      const { stdout, stderr, exitCode } = await child;
      return { stdout: String(stdout), stderr: String(stderr), exitCode };
    },
    /** Runs a command line in this process, which is many times cheaper; lines end as they do from `spawn`. */
    run: async (...args: string[]) => {
      const [stdout, stderr] = [new Captured(), new Captured()];
      const exitCode = await main(args, { stdout, stderr, signal: ending.signal });
      return { stdout: stdout.text.replace(/\n$/, ""), stderr: stderr.text.replace(/\n$/, ""), exitCode };
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      // A sandbox in which no fleet was ever up has nothing to take down.
      const quiet = { stdout: new Captured(), stderr: new Captured(), signal: new AbortController().signal };
      if (existsSync(env.LBCTL_HOME)) await main(["down", "--all"], quiet);
      process.chdir(before.folder);
      if (before.home === undefined) delete process.env.LBCTL_HOME;
      else process.env.LBCTL_HOME = before.home;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Sandbox = Awaited<ReturnType<typeof sandbox>>;
