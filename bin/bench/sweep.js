// One sweep of `lbctl analyze --simulate`, measured: runs in a process of its own.
import { createPlacement, hashes, parsePolicy } from "../../dist/src/placement/index.js";
import { sweep } from "../../dist/src/simulate/sweep.js";
import { uniformKeys } from "../../dist/src/workload/weighted-keys.js";
import { cpuMs, given, report } from "./measure.js";

const { policy, counts, keys } = given();
const servers = (n) => Array.from({ length: n }, (_, i) => ({ name: `server-${i + 1}`, weight: 1 }));
const began = cpuMs();
await sweep(
  counts.map((n) => createPlacement(parsePolicy(policy), hashes.xxh64, servers(n))),
  uniformKeys(keys, 1),
);
const seconds = (cpuMs() - began) / 1000;
report({ seconds, peakBytes: process.resourceUsage().maxRSS * 1024 });
