/** A worker process: a data plane that routes as its parent says. */
import { inspect } from "node:util";
import { parseTrustedProxies } from "../config/trusted-proxies.ts";
import type { DataPlane } from "../proxy/data-plane.ts";
import { openDataPlane } from "../proxy/data-plane.ts";
import { type Accepted, closeAccepted, type Listener, listenFor } from "../proxy/listener.ts";
import type { BalancerEvent } from "../telemetry/events.ts";
import { LatencyHistogram } from "../telemetry/latency-histogram.ts";
import { type FromWorker, type ToWorker, type WorkerStart, workerArguments } from "./messages.ts";
import { StatsDelta } from "./stats.ts";
import { loadSnapshot, WorkerCluster } from "./worker-cluster.ts";

/** Often enough for a status that is looked at; who needs it exact asks. */
const STATS_EVERY_MS = 200;

/** Whether this process was started to be one. */
export const isWorker = (): boolean => process.argv[2] === workerArguments[0];

/** Runs this process as a worker, until its parent closes it or is gone. */
export function runWorker(): void {
  // One message after the other: a module that has to be loaded first must not be overtaken.
  let running: Promise<RunningWorker | null> = Promise.resolve(null);
  process.on("message", (message: ToWorker, accepted?: unknown) => {
    if (message.type === "connection") {
      connections.take(accepted as Accepted);
      return;
    }
    running = running.then((now) => (message.type === "start" ? start(message) : apply(now, message)));
    running.catch((error: unknown) => {
      send({ type: "event", event: { type: "defect", reason: inspect(error) } });
      process.exit(1);
    });
  });
  // The parent decides when to end: a Ctrl-C goes to both.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const) process.on(signal, () => {});
  process.on("disconnect", () => process.exit());
  // Its parent may have ended while this was loaded.
  if (!process.connected) process.exit();
  send({ type: "ready" });
}

const send = (message: FromWorker): void => {
  if (process.connected) process.send?.(message, undefined, {}, () => {});
};

/** The connections that the parent deals out. */
const connections = {
  /** How many there were. */
  count: 0,
  pass: closeAccepted,
  take(accepted: Accepted | undefined): void {
    // It was closed while it was on its way.
    if (accepted === undefined) return;
    this.count += 1;
    this.pass(accepted);
  },
  async open(pass: (accepted: Accepted) => void): Promise<Listener> {
    this.pass = pass;
    return { port: 0, close: async () => {} };
  },
};

interface RunningWorker {
  readonly cluster: WorkerCluster;
  readonly plane: DataPlane;
  count(): Promise<void>;
  reopenLog(): Promise<void>;
  close(deadlineMs: number): Promise<void>;
}

async function start({ setup, acceptedBy, update }: WorkerStart): Promise<RunningWorker | null> {
  if (update.snapshot === undefined) throw new Error("the first update has no snapshot");
  const durations = new LatencyHistogram();
  let plane: DataPlane | undefined;
  const cluster = new WorkerCluster(await loadSnapshot(update.snapshot), setup, {
    send,
    onHostRemoved: (host) => plane?.forget(host),
    onHostDown: (host) => plane?.hostDown(host),
  });
  cluster.applyHostStates(update.hostStates);
  const emit = (event: BalancerEvent): void => send({ type: "event", event });
  const options = { ...setup, cluster, trust: parseTrustedProxies(setup.trust), durations, emit };
  plane =
    acceptedBy === "kernel"
      ? await openDataPlane(options, (pass) => listenFor(setup.listen, pass, "shared"))
      : await openDataPlane(options, (pass) => connections.open(pass));
  send({ type: "started" });
  return runningWorker(cluster, plane, new StatsDelta(durations));
}

function runningWorker(cluster: WorkerCluster, plane: DataPlane, delta: StatsDelta): RunningWorker {
  const sendStats = (isRequested: boolean): void =>
    send({
      type: "stats",
      stats: { ...delta.take(cluster.snapshot.hosts, plane), received: connections.count },
      isRequested,
    });
  const timer = setInterval(() => sendStats(false), STATS_EVERY_MS);
  // Who asks wants all of it: also what takes a look at each connection.
  const count = async (): Promise<void> => {
    await plane.refresh();
    sendStats(true);
  };
  const close = async (deadlineMs: number): Promise<void> => {
    await plane.close(deadlineMs);
    clearInterval(timer);
    sendStats(false);
    process.disconnect();
  };
  return { cluster, plane, count, reopenLog: () => plane.reopenLog(), close };
}

type Order = Exclude<ToWorker, { type: "start" | "connection" }>;

async function apply(running: RunningWorker | null, message: Order): Promise<RunningWorker | null> {
  if (message.type === "update" && running !== null) {
    const { snapshot, hostStates } = message.update;
    if (snapshot !== undefined) running.cluster.replaceSnapshot(await loadSnapshot(snapshot));
    running.cluster.applyHostStates(hostStates);
    running.plane.update();
  } else if (message.type === "request-stats") await running?.count();
  else if (message.type === "reopen-log") await running?.reopenLog();
  else if (message.type === "close") {
    if (running === null) process.disconnect();
    else void running.close(message.deadlineMs);
  }
  return running;
}
