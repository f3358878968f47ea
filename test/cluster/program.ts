/** The programs of the cluster as processes of their own. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The path of a program of the cluster as `npm run build` makes it, for a process or an image. */
export const builtProgram = (name: "server" | "balancer"): string =>
  fileURLToPath(new URL(`../../dist/image/${name}.mjs`, import.meta.url));

export interface Program {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The ports that its first line names; NaN where it names none. */
  readonly port: number;
  readonly controlPort: number;
  /** Its first line. */
  readonly line: string;
  /** Resolves when it has ended, to its exit code and all that it wrote to stderr. */
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** Starts a program, which may open no more than `maxFiles`, and waits for its first line. */
export async function run(path: string, env: Record<string, string>, maxFiles?: number): Promise<Program> {
  const child = start(path, env, maxFiles);
  const ended = endOf(child);
  const first = await Promise.race([once(child.stdout, "data"), ended]);
  if (!Array.isArray(first)) throw new Error(`the program ended at once: ${first.stderr}`);
  const line = String(first[0]);
  const numbered = (pattern: RegExp): number => Number(pattern.exec(line)?.[1]);
  return { child, ended, line, port: numbered(/:(\d+)/), controlPort: numbered(/control on port (\d+)/) };
}

/** Runs a program to its end. */
export const runToEnd = (path: string, env: Record<string, string>): Program["ended"] => endOf(start(path, env));

/** Starts a program and waits for nothing. */
export function start(path: string, env: Record<string, string>, maxFiles?: number): Program["child"] {
  const program = [process.execPath, path];
  const limited = ["/bin/sh", "-c", `ulimit -n ${maxFiles}; exec "$0" "$1"`, ...program];
  const [command = "", ...args] = maxFiles === undefined ? program : limited;
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** The processes under another, where the system tells. */
export async function childrenOf(pid: number | undefined): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return list.split(" ").filter(Boolean).map(Number);
}

async function endOf(child: Program["child"]): Program["ended"] {
  const [stderr] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { code: child.exitCode, stderr };
}
