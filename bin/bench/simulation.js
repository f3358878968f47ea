// Part "simulation": how long `lbctl analyze --simulate` takes for its keys, and in how much memory.
import { count } from "../../dist/src/format.js";
import { notes, table } from "../../dist/src/report/tables/table.js";
import { measured, median, progress } from "./measure.js";

const counts = [2, 3, 4, 5, 6];
const policies = ["ring", "maglev", "jump", "rendezvous", "modulo"];

async function measure(quick) {
  const keys = quick ? 100_000 : 10_000_000;
  const results = [];
  for (const policy of quick ? policies.slice(0, 2) : policies) {
    const runs = [];
    // The first is the one that the target is about.
    for (let run = 0; run < (quick || results.length > 0 ? 1 : 3); run++) {
      progress(`simulating ${policy} …`);
      runs.push(await measured("./sweep.js", { policy, counts, keys }));
    }
    const seconds = median(runs.map((run) => run.seconds));
    results.push({ policy, servers: counts, keys, seconds, peakBytes: Math.max(...runs.map((run) => run.peakBytes)) });
  }
  progress("");
  return results;
}

const look = { color: false, width: 100 };

function text(results) {
  const [{ keys }] = results;
  const heads = ["CPU seconds", "ns a key and step", "Peak MiB of the process"].map((head) => ({
    head,
    align: /** @type {const} */ ("right"),
  }));
  const rows = results.map(({ policy, seconds, peakBytes }) => [
    policy,
    seconds.toFixed(2),
    ((seconds * 1e9) / keys / counts.length).toFixed(0),
    count(peakBytes / 2 ** 20),
  ]);
  const drawn = table([{ head: `${count(keys)} keys, 2 to 6 servers` }, ...heads], rows, look);
  const wanted = "10 million keys at five server counts: a few seconds on one core, in under 200 MiB.";
  return `${drawn}\n\n${notes([["Wanted", wanted]], look)}`;
}

export const simulation = { measure, text };
