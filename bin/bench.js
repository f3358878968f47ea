// What placement and simulation cost on this machine: prints figures and asserts none. `npm run bench -- --help`.
import { availableParallelism, cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { placement } from "./bench/placement.js";
import { simulation } from "./bench/simulation.js";

/** Each measures, and has its figures as JSON and as text. */
const parts = { placement, simulation };

const help = `npm run bench -- [PART…] [--quick] [--json]
  parts     ${Object.keys(parts).join(", ")}; all where none is named
  --quick   fewer rounds, keys and server counts
  --json    one line for scripts`;

function asked() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean" } },
  });
  const unknown = positionals.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined)
    throw new Error(`There is no part "${unknown}": choose from ${Object.keys(parts).join(", ")}.`);
  return { ...values, names: positionals.length === 0 ? Object.keys(parts) : positionals };
}

const machine = {
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
};

async function run({ names, quick = false, json = false }) {
  const results = { schemaVersion: 1, machine, quick };
  if (!json) {
    const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`;
    console.log(
      [machine.cpu, `${machine.cores} cores`, memory, machine.platform, `Node.js ${machine.node}`].join(" · "),
    );
  }
  for (const name of names) {
    results[name] = await parts[name].measure(quick);
    if (!json) console.log(`\n${parts[name].text(results[name])}`);
  }
  if (json) console.log(JSON.stringify(results));
}

let wanted;
try {
  wanted = asked();
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
if (wanted.help) console.log(help);
else await run(wanted);
