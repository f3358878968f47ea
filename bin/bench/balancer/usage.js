// What processes use, as the Linux kernel accounts it in /proc (proc(5)).
import { readdirSync, readFileSync } from "node:fs";

/** A clock tick of /proc in microseconds: USER_HZ is 100 wherever Linux runs Node.js. */
const TICK_US = 10_000;

/** A process may have ended meanwhile. */
function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

/** The fields behind the command's name, which may hold blanks and brackets. */
const stat = (pid) =>
  read(pid, "stat")
    .replace(/^.*\) /s, "")
    .split(" ");

/** A process and all that descend from it. */
export function tree(root) {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const parents = pids.map((pid) => ({ pid: Number(pid), parent: Number(stat(pid)[1]) }));
  const found = [root];
  for (const above of found) found.push(...parents.filter(({ parent }) => parent === above).map(({ pid }) => pid));
  return found;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** Microseconds of a processor, user and system, that the process and its descendants have had. */
export const cpuMicroseconds = (root) =>
  sum(tree(root).map((pid) => (Number(stat(pid)[11]) || 0) + (Number(stat(pid)[12]) || 0))) * TICK_US;

const bytes = (root, field) =>
  sum(tree(root).map((pid) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(read(pid, "status"))?.[1] ?? 0))) * 1024;

/** Resident memory of the process and its descendants, and the most that each has had, in bytes. */
export const residentBytes = (root) => bytes(root, "VmRSS");
export const peakBytes = (root) => bytes(root, "VmHWM");
