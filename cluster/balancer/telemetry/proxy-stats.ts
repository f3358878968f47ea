/** What the balancer's processes count and use. */
import type { LogCounts } from "./access-log.ts";

/** What the processes of a balancer use, all together. */
export interface Usage {
  /** User and system, since they began. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Returns what this process uses. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}

export const addUsage = (a: Usage, b: Usage): Usage => ({
  cpuSeconds: a.cpuSeconds + b.cpuSeconds,
  residentBytes: a.residentBytes + b.residentBytes,
});

/**
 * Who gives processes their connections: the kernel, to each that listens on the port, or a dispatcher, the process above them
 * that alone listens.
 */
export type AcceptedBy = "kernel" | "dispatcher";

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

/** What a data plane tells of itself. */
export interface ProxyStats {
  /** Client connections that are open. */
  readonly connections: number;
  /** Responses that no server gave, by status code. */
  readonly localReplies: ReadonlyMap<number, number>;
  readonly counts: Readonly<ProxyCounters>;
  /** Processes that serve. */
  readonly workers: number;
  readonly acceptedBy: AcceptedBy;
  /** How many of them had to be started again. */
  readonly restarts: number;
  readonly usage: Usage;
}
