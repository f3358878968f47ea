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
import { loaded, WorkerCluster } from "./worker-cluster.ts";

/** Often enough for a status that is looked at; who needs it exact asks. */
const tellEveryMs = 200;

/** Whether this process was started to be one. */
export const isWorker = (): boolean => process.argv[2] === workerArguments[0];

/** Runs this process as a worker, until its parent closes it or is gone. */
export function runWorker(): void {
  // One message after the other: a module that has to be loaded first must not be overtaken.
  let working: Promise<Working | null> = Promise.resolve(null);
  process.on("message", (message: ToWorker, accepted?: unknown) => {
    if (message.type === "connection") {
      connections.take(accepted as Accepted);
      return;
    }
    working = working.then((now) => (message.type === "start" ? start(message) : take(now, message)));
    working.catch((error: unknown) => {
      tell({ type: "event", event: { type: "defect", reason: inspect(error) } });
      process.exit(1);
    });
  });
  // The parent decides when to end: a Ctrl-C goes to both.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const) process.on(signal, () => {});
  process.on("disconnect", () => process.exit());
  // Its parent may have ended while this was loaded.
  if (!process.connected) process.exit();
  tell({ type: "ready" });
}

const tell = (message: FromWorker): void => {
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

interface Working {
  readonly replica: WorkerCluster;
  readonly plane: DataPlane;
  count(): Promise<void>;
  reopenLog(): Promise<void>;
  close(deadlineMs: number): Promise<void>;
}

async function start({ setup, acceptedBy, snapshot }: WorkerStart): Promise<Working | null> {
  if (snapshot.view === undefined) throw new Error("the first snapshot has no view");
  const durations = new LatencyHistogram();
  let plane: DataPlane | undefined;
  const replica = new WorkerCluster(await loaded(snapshot.view), setup, {
    tell,
    left: (host) => plane?.forget(host),
    down: (host) => plane?.hostDown(host),
  });
  replica.stand(snapshot.hostStates);
  const emit = (event: BalancerEvent): void => tell({ type: "event", event });
  const options = { ...setup, members: replica, trust: parseTrustedProxies(setup.trust), durations, emit };
  plane =
    acceptedBy === "kernel"
      ? await openDataPlane(options, (pass) => listenFor(setup.listen, pass, "shared"))
      : await openDataPlane(options, (pass) => connections.open(pass));
  tell({ type: "started" });
  return working(replica, plane, new StatsDelta(durations));
}

function working(replica: WorkerCluster, plane: DataPlane, counting: StatsDelta): Working {
  const told = (asked: boolean): void =>
    tell({
      type: "counted",
      counted: { ...counting.take(replica.view.hosts, plane), taken: connections.count },
      asked,
    });
  const timer = setInterval(() => told(false), tellEveryMs);
  // Who asks wants all of it: also what takes a look at each connection.
  const count = async (): Promise<void> => {
    await plane.refresh();
    told(true);
  };
  const close = async (deadlineMs: number): Promise<void> => {
    await plane.close(deadlineMs);
    clearInterval(timer);
    told(false);
    process.disconnect();
  };
  return { replica, plane, count, reopenLog: () => plane.reopenLog(), close };
}

type Order = Exclude<ToWorker, { type: "start" | "connection" }>;

async function take(working: Working | null, message: Order): Promise<Working | null> {
  if (message.type === "snapshot" && working !== null) {
    const { view, hostStates } = message.snapshot;
    if (view !== undefined) working.replica.show(await loaded(view));
    working.replica.stand(hostStates);
    working.plane.update();
  } else if (message.type === "count") await working?.count();
  else if (message.type === "reopen-log") await working?.reopenLog();
  else if (message.type === "close") {
    if (working === null) process.disconnect();
    else void working.close(message.deadlineMs);
  }
  return working;
}
