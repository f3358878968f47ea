// What this machine has: cores to keep apart, and the programs to compare with.
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian keeps servers where a user's PATH does not look. */
const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where a program is, and what it says of its version; null where it is not installed. */
function program(name, versionFlag) {
  const path = folders.map((folder) => join(folder, name)).find(isProgram);
  if (path === undefined) return null;
  const { stdout, stderr } = spawnSync(path, [versionFlag], { encoding: "utf8" });
  return { path, version: /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] ?? "" };
}

/** What there is of what is compared and measured with. */
export const programs = {
  nginx: program("nginx", "-v"),
  haproxy: program("haproxy", "-v"),
  wrk: program("wrk", "-v"),
  taskset: program("taskset", "--version"),
};

/** The numbers of the first two processors that this process may use, of a list such as "0-3,8". */
function twoCores(list) {
  const numbers = list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return [first, Math.min(last, first + 1)];
  });
  return [...new Set(numbers)].slice(0, 2);
}

/** @typedef {{ balancer?: number, others?: number }} Cores */

/** @returns {Cores} */
function coresApart() {
  if (process.platform !== "linux" || programs.taskset === null) return {};
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const [balancer, others] = twoCores(list);
  return others === undefined ? {} : { balancer, others };
}

/** The core of the balancer under test, and that of everything else; none where they can't be kept apart. */
export const apart = coresApart();
/** Each on any core. @type {Cores} */
export const together = {};

/** By name, null for what is not installed. */
export const versions = Object.fromEntries(
  Object.entries(programs).map(([name, found]) => [name, found?.version ?? null]),
);
