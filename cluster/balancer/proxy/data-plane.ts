/** The data plane: what moves requests and responses. */
import { setTimeout } from "node:timers/promises";
import type { Endpoint } from "../../listen.ts";
import type { Host } from "../cluster/host.ts";
import type { HostSelection } from "../cluster/host-selection.ts";
import type { Settings } from "../config/options.ts";
import type { TrustedProxies } from "../config/trusted-proxies.ts";
import { AccessLog } from "../telemetry/access-log.ts";
import type { BalancerEvent } from "../telemetry/events.ts";
import type { LatencyHistogram } from "../telemetry/latency-histogram.ts";
import { newProxyCounters, ownUsage, type ProxyStats } from "../telemetry/proxy-stats.ts";
import { ConnectionLimits } from "./connection-limits.ts";
import { inTurn, SWEEP_PARTS, sweepIntervalMs } from "./deadlines.ts";
import { DownstreamConnection, type DownstreamContext } from "./downstream/connection.ts";
import type { ExchangeContext } from "./exchange/context.ts";
import { ExchangeDispatcher } from "./exchange/dispatcher.ts";
import { RetryBudget } from "./exchange/retry-budget.ts";
import { type Accepted, openStream } from "./io/connect.ts";
import { HeadReaders } from "./io/head-readers.ts";
import { type Listener, listenFor } from "./listener.ts";
import { Pools } from "./upstream/pools.ts";
import { WarmUp } from "./warm-up.ts";

/** What a data plane is given. It asks `cluster` where to send a request, and tells what became of it there. */
export interface DataPlaneOptions extends Settings {
  readonly listen: Endpoint;
  readonly cluster: HostSelection;
  readonly trust: TrustedProxies;
  /** Takes the seconds that each request took. */
  readonly durations: LatencyHistogram;
  /** The file of the access log, `-` for standard output, null for none. */
  readonly accessLog: string | null;
  readonly emit: (event: BalancerEvent) => void;
}

/** What moves requests and responses. The rest of the balancer knows nothing else of how it is done. */
export interface DataPlane extends ProxyStats {
  readonly port: number;
  /** Hears that the cluster's snapshot, or what is known of a server, is another now. */
  update(): void;
  /** Resolves when it goes by the last update, and what it has counted so far shows in the servers' counts. */
  refresh(): Promise<void>;
  /** Opens the access log anew: its file has been renamed. */
  reopenLog(): Promise<void>;
  /** Ends the connections to a server that has left, as its requests end. */
  forget(host: Host): void;
  /** Checks or outlier detection took a server out, and there is another: what waits there for a first byte goes elsewhere, where it may. */
  hostDown(host: Host): void;
  /** Stops accepting, lets requests in flight end, and cuts what is left after `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

/** Starts to take requests; rejects with the system's error when the port is taken. */
export const startDataPlane = (options: DataPlaneOptions): Promise<DataPlane> =>
  openDataPlane(options, (take) => listenFor(options.listen, take));

/** Starts a data plane for connections that come from wherever `open` has them. */
export async function openDataPlane(
  options: DataPlaneOptions,
  open: (take: (accepted: Accepted) => void) => Promise<Listener>,
): Promise<DataPlane> {
  const connections = new Set<DownstreamConnection>();
  const localReplies = new Map<number, number>();
  const counts = newProxyCounters();
  const accessLog = options.accessLog === null ? null : await AccessLog.open(options.accessLog, counts, options.emit);
  const countReply = (status: number): void => {
    localReplies.set(status, (localReplies.get(status) ?? 0) + 1);
  };
  const shared = { settings: options, trust: options.trust, clock: { now: performance.now() }, counts, accessLog };
  const readers = new HeadReaders(options);
  const limits = new ConnectionLimits(options, options.trust);
  const pools = new Pools({ ...shared, readers });
  const exchanges = {
    ...shared,
    cluster: options.cluster,
    upstream: pools,
    retryBudget: new RetryBudget(options),
    isClosing: false as boolean,
    requestDone: (seconds, localStatus) => {
      options.durations.observe(seconds);
      if (localStatus !== null) countReply(localStatus);
    },
  } satisfies ExchangeContext;
  const downstream: DownstreamContext = {
    ...shared,
    readers,
    limits,
    dispatcher: new ExchangeDispatcher(exchanges),
    remove: (connection) => connections.delete(connection),
  };
  const take = (accepted: Accepted): void => {
    const stream = openStream(accepted);
    const connection = new DownstreamConnection(downstream, stream);
    if (limits.isFull(connections.size) || !connection.peer.acquire()) {
      countReply(503);
      limits.reject(stream, shared.clock.now);
      return;
    }
    counts.connectionsAccepted += 1;
    connections.add(connection);
  };
  const isReady = (): boolean => options.cluster.snapshot.hosts.length > 0;
  const warmUp = new WarmUp({ ...options, isReady, take });
  const listener = await open((accepted) => warmUp.admit(accepted)).catch(async (error: unknown) => {
    warmUp.close();
    await accessLog?.close();
    throw error;
  });
  const turns = inTurn(connections);
  const sweep = (): void => {
    const now = performance.now();
    shared.clock.now = now;
    for (let left = Math.ceil(connections.size / SWEEP_PARTS); left > 0; left -= 1) turns.next().value?.sweep(now);
    limits.sweep(now);
    pools.sweep(now);
  };
  // What has arrived while the process was busy, or stopped, is read first: it is not late.
  const sweeps = setInterval(() => setImmediate(sweep), sweepIntervalMs(options) / SWEEP_PARTS);
  return {
    port: listener.port,
    localReplies,
    counts,
    workers: 1,
    acceptedBy: "kernel",
    restarts: 0,
    get connections() {
      return connections.size;
    },
    get usage() {
      return ownUsage();
    },
    // It looks at the cluster itself, and counts in place: but for bytes, which the streams count.
    update: () => warmUp.update(),
    refresh: async () => {
      for (const connection of connections) connection.countBytes();
      pools.countBytes();
    },
    reopenLog: async () => accessLog?.reopen(),
    // The failure that it comes from has its own request sent elsewhere first.
    hostDown: (host) => queueMicrotask(() => pools.hostDown(host)),
    forget: (host) => pools.forget(host),
    close: async (deadlineMs) => {
      exchanges.isClosing = true;
      limits.close();
      warmUp.close();
      await closeAll(listener, connections, deadlineMs);
      clearInterval(sweeps);
      pools.close();
      await accessLog?.close();
    },
  };
}

/** Stops accepting, ends each connection that has no request, and all of them after `deadlineMs`. */
async function closeAll(
  listener: Listener,
  connections: ReadonlySet<DownstreamConnection>,
  deadlineMs: number,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  const closed = listener.close();
  // Not this instant: the first request of a new connection may be on its way. Others fall idle later.
  do {
    await setTimeout(20);
    const isLate = performance.now() >= deadline;
    for (const connection of connections) if (isLate || !connection.isBusy) connection.destroy();
  } while (connections.size > 0);
  await closed;
}
