// What placement, simulation and the balancer cost on this machine: prints figures and asserts none. `npm run bench -- --help`.
import { availableParallelism, cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { versions } from "./bench/balancer/machine.js";
import { balancer } from "./bench/balancer.js";
import { placement } from "./bench/placement.js";
import { simulation } from "./bench/simulation.js";

/** Each measures, and has its figures as JSON and as text. */
const parts = { placement, simulation, ...balancer };
/** The parts that a name stands for: the one, or all that it is the first word of. */
const partsOf = (name) => Object.keys(parts).filter((part) => part === name || part.startsWith(`${name}/`));
const names = [...new Set(Object.keys(parts).map((part) => part.split("/")[0]))].join(", ");

const help = `npm run bench -- [PART…] [--quick] [--json]
  parts     ${names}; all where none is named
            one table of the balancer's: ${Object.keys(balancer).join(", ")}
  --quick   fewer rounds, smaller sizes and fewer of them
  --json    one line for scripts`;

function asked() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean" } },
  });
  const unknown = positionals.find((name) => partsOf(name).length === 0);
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}": choose from ${names}.`);
  return { ...values, wanted: positionals.length === 0 ? Object.keys(parts) : positionals.flatMap(partsOf) };
}

const machine = {
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  programs: versions,
};

async function run({ wanted, quick = false, json = false }) {
  const results = { schemaVersion: 1, machine, quick };
  if (!json) {
    const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`;
    const remark = quick ? ["quick, so rough"] : [];
    console.log(
      [machine.cpu, `${machine.cores} cores`, memory, machine.platform, `Node.js ${machine.node}`, ...remark].join(
        " · ",
      ),
    );
  }
  for (const name of wanted) {
    results[name] = await parts[name].measure(quick);
    if (!json) console.log(`\n${parts[name].text(results[name])}`);
  }
  if (json) console.log(JSON.stringify(results));
}

let given;
try {
  given = asked();
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
if (given.help) console.log(help);
else await run(given);
