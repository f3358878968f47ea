// One sweep of `lbctl analyze --simulate`, measured: runs in a process of its own.
import { createPlacement, parsePolicy } from "../../dist/src/placement/index.js";
import { sweep } from "../../dist/src/simulate/sweep.js";
import { uniformKeys } from "../../dist/src/simulate/weighted-keys.js";
import { given, report } from "./measure.js";

const { policy, counts, keys } = given();
const servers = (n) => Array.from({ length: n }, (_, i) => ({ name: `server-${i + 1}`, weight: 1 }));
const began = performance.now();
const steps = await sweep(
  counts.map((n) => createPlacement(parsePolicy(policy), "xxh64", servers(n))),
  uniformKeys(keys, 1),
);
const seconds = (performance.now() - began) / 1000;
const moved = steps.at(-1).moved.keys;
report({ seconds, moved, peakBytes: process.resourceUsage().maxRSS * 1024 });
