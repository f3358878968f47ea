// Processes that live no longer than this one, however it ends, and a folder that goes with them.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { programs } from "./machine.js";
import { tree } from "./usage.js";

const children = new Set();
let folder;

/** The first need of either makes sure of the end. */
function folderOf() {
  if (folder !== undefined) return folder;
  folder = mkdtempSync(join(tmpdir(), "lbctl-bench-"));
  process.once("exit", () => {
    for (const child of children) end(child);
    rmSync(folder, { recursive: true, force: true });
  });
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
  for (const [signal, number] of Object.entries(numbers)) process.once(signal, () => process.exit(128 + number));
  return folder;
}

/** The path of a file in the folder, written where there is text for it. */
export function file(name, text) {
  const path = join(folderOf(), name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
}

function keep(child) {
  folderOf();
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** Ends a child and its descendants at once: what they hold is in the folder, and nothing has to be finished. */
export function end(child) {
  for (const pid of tree(child.pid)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  }
}

const pinned = (core, command) =>
  core === undefined ? command : [programs.taskset.path, "-c", String(core), ...command];

/**
 * Starts a program, on one core where that is given.
 * @param {string[]} command
 * @param {{ core?: number, env?: Record<string, string> }} [options]
 */
export function start(command, options = {}) {
  const { core, env } = options;
  const [program, ...args] = pinned(core, command);
  const child = keep(spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } }));
  child.said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      child.said = (child.said + text).slice(-4096);
    });
  return child;
}

/** Runs a program to its end; what it said. */
export async function outputOf(command, options) {
  const child = start(command, options);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${command[0]} ended with exit code ${code}: ${child.said}`);
  return child.said;
}

/** Starts a module of this folder with its arguments; the process, and a promise of what it reports. */
export function launch(module, args, core) {
  const [execPath, ...execArgv] = pinned(core, [process.execPath]);
  const child = keep(fork(new URL(module, import.meta.url), [JSON.stringify(args)], { execPath, execArgv }));
  const reported = new Promise((resolve, reject) => {
    child.once("message", ({ result }) => resolve(result));
    child.once("close", (code) => reject(new Error(`${module} ended with exit code ${code} and no result.`)));
  });
  return { child, reported };
}

/** Below the ports that outgoing connections are given. */
let nextPort = 21_000;

/** A port that nothing listens on. */
export async function freePort() {
  for (;;) {
    const probe = createServer();
    const outcome = once(probe, "listening").catch(({ code }) => code);
    probe.listen(nextPort++, "127.0.0.1");
    if ((await outcome) === "EADDRINUSE") continue;
    probe.close();
    await once(probe, "close");
    return nextPort - 1;
  }
}

async function isListening(port) {
  const socket = connect(port, "127.0.0.1");
  const outcome = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return outcome;
}

/** Waits until `child` listens on the port. */
export async function listening(child, port) {
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(" ")} ended: ${child.said}`);
    await setTimeout(20);
  }
}
