// How things are measured: in rounds of distinct keys, in a process of their own, as medians.
import { fork } from "node:child_process";
import { setTimeout } from "node:timers/promises";

/** 65,536 different keys of 16 bytes: more than a branch predictor remembers or the nearest cache holds. */
export const keys = Array.from(
  { length: 2 ** 16 },
  (_, i) => `key-${String(Math.imul(i, 0x9e3779b1) >>> 0).padStart(12, "0")}`,
);

/** Calls between two looks at the clock. */
const BATCH = 256;
/** Long enough for the engine to have compiled what is called. */
const WARM_UP_MS = 100;

/** The sum of all that the calls returned. It is reported too, so that the engine can't leave them out. */
let consumed = 0;

/** Milliseconds of a processor that this process has had: who else wants one changes them little. */
export function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Nanoseconds that one call takes, over at least `ms` of calls with the inputs, a power of two of them, in turn. */
function round(call, inputs, ms) {
  let calls = 0;
  let sum = 0;
  const until = performance.now() + ms;
  const began = cpuMs();
  do {
    for (let i = 0; i < BATCH; i++) sum += call(inputs[(calls + i) & (inputs.length - 1)]);
    calls += BATCH;
  } while (performance.now() < until);
  consumed += sum;
  return ((cpuMs() - began) * 1e6) / calls;
}

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The median of `rounds` rounds. `call` takes one of `inputs` and returns a number. */
export function nanoseconds(call, inputs, { rounds, ms }) {
  round(call, inputs, WARM_UP_MS);
  return median(Array.from({ length: rounds }, () => round(call, inputs, ms)));
}

async function usedBytes() {
  // Typed arrays are let go of in the background, after the collection that found them unused.
  for (let i = 0; i < 3; i++) {
    global.gc();
    await setTimeout(10);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What `build` makes, in how many milliseconds (the median of up to `rounds`, a second in all), and what it holds. */
export async function built(build, { rounds }) {
  const times = [];
  const until = performance.now() + 1000;
  do {
    const began = cpuMs();
    build();
    times.push(cpuMs() - began);
  } while (times.length < rounds && performance.now() < until);
  const before = await usedBytes();
  const made = build();
  return { made, ms: median(times), bytes: Math.max(0, (await usedBytes()) - before) };
}

/** Runs a module with its arguments in a process of its own, where nothing else was compiled or held; what it reports. */
export function measured(module, args) {
  const child = fork(new URL(module, import.meta.url), [JSON.stringify(args)], { execArgv: ["--expose-gc"] });
  return new Promise((resolve, reject) => {
    child.once("message", (/** @type {{ result: unknown }} */ { result }) => resolve(result));
    child.once("close", (code) => reject(new Error(`${module} ended with exit code ${code} and no result.`)));
  });
}

/** In a module that measured() runs: its arguments, and the report of its result. */
export const given = () => JSON.parse(process.argv[2]);
export const report = (result) => process.send({ result, consumed });

/** Says what is being measured, where somebody watches. */
export function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
