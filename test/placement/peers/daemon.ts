/** Real balancers on loopback, asked where they send keys. Nothing listens where they send them: they say it all the same. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";

/** The first of `count` ports on loopback for a daemon of this worker's. */
export const firstPort = 30_000 + (Number(process.env.VITEST_POOL_ID ?? 1) % 25) * 100;

/** What `command` prints of its version, or null, with a word on standard error, where it is not installed. */
export function installedVersion(command: "nginx" | "haproxy"): string | null {
  const { error, stdout, stderr } = spawnSync(command, ["-v"], { encoding: "utf8" });
  if (error === undefined) return stdout + stderr;
  process.stderr.write(`The comparison with the real ${command} is skipped: ${command} is not installed.\n`);
  return null;
}

/**
 * Runs a daemon in the foreground for a file of tests, on a configuration in a folder of its own. `ports` are those
 * that it listens on; it is ready when the last one answers.
 */
export function useDaemon(
  command: string,
  ports: readonly number[],
  configure: (folder: string) => string,
  flags: (file: string, folder: string) => string[],
): void {
  let end = async (): Promise<void> => {};
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "lbctl-peer-"));
    const file = join(folder, "daemon.conf");
    await writeFile(file, configure(folder));
    const daemon = spawn(command, flags(file, folder), { stdio: ["ignore", "ignore", "pipe"] });
    const complaint = text(daemon.stderr);
    end = async () => {
      const gone = once(daemon, "exit");
      if (daemon.exitCode === null && daemon.kill()) await gone;
      await rm(folder, { recursive: true });
    };
    while (!(await responses(ports.at(-1) as number))) {
      if (daemon.exitCode !== null) throw new Error(`${command} ended: ${await complaint}`);
      await setTimeout(20);
    }
  });
  afterAll(() => end());
}

async function responses(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * Asks for each path, one after the other on one connection, without waiting in between; gives the value of the
 * header X-Server of each answer.
 */
export async function askPaths(port: number, paths: readonly string[]): Promise<string[]> {
  const requests = paths.map((path, i) => {
    const connection = i === paths.length - 1 ? "Connection: close\r\n" : "";
    return `GET ${path} HTTP/1.1\r\nHost: peer\r\n${connection}\r\n`;
  });
  const socket = connect(port, "127.0.0.1");
  socket.write(requests.join(""));
  const answered = await text(socket);
  return answered
    .split(/^(?=HTTP\/1\.1 \d{3} )/m)
    .map((response) => /^x-server: (.*)\r$/im.exec(response)?.[1] ?? response);
}

/** What a balancer and its model disagree on: how many keys, and the first few with what each says. */
export function disagreement(
  keys: readonly string[],
  ours: readonly unknown[],
  theirs: readonly unknown[],
): { compared: number; different: number; first: unknown[] } {
  const rows = keys.map((key, i) => ({ key: key.slice(0, 60), ours: ours[i], theirs: theirs[i] }));
  const different = rows.filter((row) => row.ours !== row.theirs);
  return { compared: theirs.length, different: different.length, first: different.slice(0, 5) };
}
