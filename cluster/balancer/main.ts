/** The balancer as a process, configured by `LBCTL_*` variables (`config/environment.ts` reads them). */
import { fileURLToPath } from "node:url";
import { PlacementError } from "../../src/placement/index.ts";
import { explainListenError } from "../listen.ts";
import { ConfigError, formatAddress } from "./config/address.ts";
import { configFromEnv } from "./config/environment.ts";
import { type RunningBalancer, startBalancer } from "./start.ts";
import { type BalancerEvent, withAlias } from "./telemetry/events.ts";
import { isWorker, runWorker } from "./workers/worker.ts";

/** Set when this is bundled. */
const version = process.env.LBCTL_VERSION ?? "unknown";

// Whoever reads our log may leave: we go on without.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const log = (event: BalancerEvent): void => {
  const time = new Date().toISOString();
  for (const each of withAlias(event)) process.stdout.write(`${JSON.stringify({ time, ...each })}\n`);
};

/** One line for what the user can mend; a defect of ours keeps its stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof PlacementError) return error.message;
  const listening = explainListenError(error, "LBCTL_LISTEN or LBCTL_CONTROL");
  return listening ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}

async function run(): Promise<void> {
  try {
    const workerFile = fileURLToPath(import.meta.url);
    const config = { ...(await configFromEnv(process.env)), workerFile, version };
    const starting = startBalancer(config, log);
    reopenOnSignals(starting);
    const balancer = await starting;
    const at = formatAddress({ host: config.listen.host, port: balancer.port });
    const control = balancer.controlPort === null ? "" : `, control on port ${balancer.controlPort}`;
    const workers = balancer.workersNote === null ? "" : `, ${balancer.workersNote}`;
    process.stdout.write(`balancer listening on http://${at}${control}${workers}\n`);
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void balancer.close());
  } catch (error) {
    process.stderr.write(`balancer: ${explain(error)}\n`);
    process.exitCode = 1;
  }
}

/** SIGUSR1 is nginx's signal for this; unheard it would open Node's debugger. */
function reopenOnSignals(starting: Promise<RunningBalancer>): void {
  const started = starting.catch(() => null);
  for (const signal of ["SIGHUP", "SIGUSR1"] as const) process.on(signal, async () => (await started)?.reopenLog());
}

if (isWorker()) runWorker();
else await run();
