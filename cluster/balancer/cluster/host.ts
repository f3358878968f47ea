import type { Member } from "../../../src/placement/index.ts";
import type { Endpoint } from "../../listen.ts";
import { ConfigError, parseAddress } from "../config/address.ts";

export type State = "up" | "down" | "draining";

/** What a data plane counts at a server: plain numbers, so that those of several processes add up. */
export interface HostCounters {
  /** Attempts: a request that is retried counts once at each server that it was given to. */
  requests: number;
  /** Attempts that ended without a whole response. */
  failures: number;
  /** Attempts that failed and were made again, here or elsewhere. */
  retries: number;
  /** Attempts that failed and were not made again, because too many were already. */
  retryOverflow: number;
  /** Connections that were made. */
  connectionsOpened: number;
  /** Requests that went out on a connection that had been used before. */
  connectionsReused: number;
  /** Bytes on its connections, heads included. */
  bytesSent: number;
  bytesReceived: number;
}

/** What happened at a server since the balancer began; kept by name, so that it survives a change of address. */
interface Counts extends HostCounters {
  ejections: number;
  /** Responses by status code. */
  readonly responses: Map<number, number>;
}

/** A server at an address, as the balancer sees it now. Mutable: the one place of run-time state. */
export interface Host {
  readonly name: string;
  readonly address: string;
  readonly endpoint: Endpoint;
  readonly counts: Counts;
  weight: number;
  /** What its checks say. */
  healthy: boolean;
  /** Taken out for a while because requests failed at it, whatever its checks say. */
  ejected: boolean;
  draining: boolean;
  /** Given requests although it is down, because too few are up (panic). */
  usedInPanic: boolean;
  /** When it came up or joined, in milliseconds of `performance.now()`; −∞ for those that were there from the start. */
  upSince: number;
  /** Whether a check ever succeeded: until then one failure is enough to take it down. */
  checkedHealthy: boolean;
  /** Checks in a row with the same result: successes count up from 1, failures down from −1. */
  checkStreak: number;
  /** Requests in a row that failed at it. */
  consecutiveFailures: number;
  /** When the last of them was counted, in milliseconds of `performance.now()`. */
  lastFailureAt: number;
  /** How often it was ejected, until it behaves for long. */
  ejections: number;
  lastError: string | null;
  inFlight: number;
  /** Connections to it that are open. */
  connections: number;
  /** Called when the last request in flight ends. */
  onIdle: (() => void) | null;
}

export const newHostCounters = (): HostCounters => ({
  requests: 0,
  failures: 0,
  retries: 0,
  retryOverflow: 0,
  connectionsOpened: 0,
  connectionsReused: 0,
  bytesSent: 0,
  bytesReceived: 0,
});

const newCounts = (): Counts => ({ ...newHostCounters(), ejections: 0, responses: new Map() });

/**
 * A server that joins: taken to be up until a check says otherwise. `before` is what has its name now: a server keeps
 * its counts, and goes on draining, at another address. Throws a ConfigError when it has no address.
 */
export function newHost({ name, weight, address }: Member, before?: Host): Host {
  if (address === undefined) throw new ConfigError(`server ${name} has no address: write ${name}=host:port`);
  const endpoint = parseAddress(address);
  if (endpoint.port === 0) throw new ConfigError(`server ${name} cannot be reached at port 0: write its own port`);
  return {
    name,
    address,
    endpoint,
    counts: before?.counts ?? newCounts(),
    weight,
    healthy: true,
    ejected: false,
    draining: before?.draining ?? false,
    usedInPanic: false,
    upSince: Number.NEGATIVE_INFINITY,
    checkedHealthy: false,
    checkStreak: 0,
    consecutiveFailures: 0,
    lastFailureAt: Number.NEGATIVE_INFINITY,
    ejections: 0,
    lastError: null,
    inFlight: 0,
    connections: 0,
    onIdle: null,
  };
}

/** Whether a server works, as far as is known. */
export const isUp = ({ healthy, ejected }: Host): boolean => healthy && !ejected;

export const stateOf = (host: Host): State => {
  if (host.draining) return "draining";
  return isUp(host) ? "up" : "down";
};

/** Counts a request that is sent to the server. */
export function beginRequest(host: Host): void {
  host.inFlight += 1;
  host.counts.requests += 1;
}

/** Counts the end of a request, whatever came of it. */
export function endRequest(host: Host): void {
  host.inFlight -= 1;
  if (host.inFlight === 0) host.onIdle?.();
}

/** Counts a response by its status. */
export const countResponse = ({ counts: { responses } }: Host, status: number): void => {
  responses.set(status, (responses.get(status) ?? 0) + 1);
};

/** Resolves when none of `hosts` has a request in flight, or after `deadlineMs`. */
export async function untilIdle(hosts: readonly Host[], deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([Promise.all(hosts.map(whenIdle)), deadline]);
  clearTimeout(timer);
}

/** Resolves when the host has no request in flight. */
export const whenIdle = (host: Host): Promise<void> =>
  new Promise((resolve) => {
    host.onIdle = resolve;
    if (host.inFlight === 0) resolve();
  });
