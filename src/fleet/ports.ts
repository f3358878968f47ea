import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { codeOf, UserError } from "../errors.ts";

/** Makes sure that a port can be listened on; otherwise an error that names it, its holder and the flag that moves it. */
export async function assertPortFree(host: string, port: number, flag = "--port"): Promise<void> {
  const code = await tryListen(host, port);
  if (code === null) return;
  if (code === "EADDRINUSE")
    throw new UserError(
      `Port ${port} is taken${await holder(port)}: end what holds it, or choose another with ${flag}.`,
    );
  throw new UserError(`lbctl can't listen on ${host}:${port} (${code}): choose another with ${flag}.`);
}

function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error) => resolve(codeOf(error)));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}

/** " by PID 12 (nginx …)" where the system tells: on Linux, for processes of ours or as root. */
async function holder(port: number): Promise<string> {
  const inodes = await listeningInodes(port);
  const pids = inodes.size ? (await readdir("/proc")).filter((name) => /^\d+$/.test(name)) : [];
  for (const pid of pids) {
    if (!(await holdsSocket(pid, inodes))) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return ` by process ${pid} (${command.replaceAll("\0", " ").trim().slice(0, 60)})`;
  }
  return "";
}

/** Inodes of the sockets that listen on a port, from /proc/net/tcp and tcp6 (state 0A is LISTEN). */
async function listeningInodes(port: number): Promise<Set<string>> {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "latin1").catch(() => ""));
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = (await Promise.all(tables))
    .join("\n")
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const listening = rows.filter((row) => row[1]?.endsWith(`:${hexPort}`) && row[3] === "0A");
  return new Set(listening.map((row) => `socket:[${row[9]}]`));
}

async function holdsSocket(pid: string, inodes: Set<string>): Promise<boolean> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(files.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  return links.some((link) => inodes.has(link));
}
