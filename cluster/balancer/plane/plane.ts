import type { Endpoint } from "../../listen.ts";
import type { Host } from "../cluster/host.ts";
import type { HostSelection } from "../cluster/host-selection.ts";
import type { Settings } from "../config/options.ts";
import type { TrustedProxies } from "../config/trusted-proxies.ts";
import type { LogCounts } from "../telemetry/access-log.ts";
import type { BalancerEvent } from "../telemetry/events.ts";
import type { LatencyHistogram } from "../telemetry/latency-histogram.ts";

/** What a data plane is given. It asks `members` where to send a request, and tells the servers' fate to them. */
export interface DataPlaneOptions extends Settings {
  readonly listen: Endpoint;
  readonly members: HostSelection;
  readonly trust: TrustedProxies;
  /** Takes the seconds that each request took. */
  readonly durations: LatencyHistogram;
  /** The file of the access log, `-` for standard output, null for none. */
  readonly accessLog: string | null;
  readonly emit: (event: BalancerEvent) => void;
}

/** What the processes of a balancer use, all together. */
export interface Usage {
  /** User and system, since they began. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** What this process uses. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}

/** What a data plane counts of its clients: plain numbers, so that those of several processes add up. */
export interface ProxyCounters extends LogCounts {
  /** Connections that clients have made. */
  connectionsAccepted: number;
  /** Bytes on them, heads included. */
  bytesReceived: number;
  bytesSent: number;
}

export const newProxyCounters = (): ProxyCounters => ({
  connectionsAccepted: 0,
  bytesReceived: 0,
  bytesSent: 0,
  linesLogged: 0,
  linesDropped: 0,
});

/** What moves requests and answers. The rest of the balancer knows nothing else of how it is done. */
export interface DataPlane {
  readonly port: number;
  /** Client connections that are open. */
  readonly connections: number;
  /** Answers that no server gave, by status code. */
  readonly localReplies: ReadonlyMap<number, number>;
  readonly counts: Readonly<ProxyCounters>;
  /** Processes that serve. */
  readonly workers: number;
  /** How many of them had to be started again. */
  readonly restarts: number;
  readonly usage: Usage;
  /** Hears that the members' view, or what is known of a server, is another now. */
  update(): void;
  /** Resolves when it goes by the last update, and what it has counted so far shows in the servers' counts. */
  refresh(): Promise<void>;
  /** Opens the access log anew: its file has been renamed. */
  reopenLog(): Promise<void>;
  /** Lets go of the connections to a server that has left, as its requests end. */
  forget(host: Host): void;
  /** Called when checks or outlier detection take a host out: what waits there for a first byte may go elsewhere. */
  hostDown(host: Host): void;
  /** Stops accepting, lets requests in flight end, and cuts what is left after `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

export type StartDataPlane = (options: DataPlaneOptions) => Promise<DataPlane>;
