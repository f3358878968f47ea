/** A worker process, as the primary sees it. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Host } from "../cluster/host.ts";
import type { Accepted } from "../proxy/listener.ts";
import type { Usage } from "../telemetry/proxy-stats.ts";
import type { ToWorker } from "./messages.ts";

/** How long to wait for stats that were requested: a busy worker sends them later. */
const COUNT_MS = 1_000;

/** A worker process, and what it reported last. */
export interface WorkerHandle {
  readonly worker: ChildProcess;
  /** It takes connections. */
  isReady: boolean;
  /** Connections that the dispatcher sent it, and those that it had received at its last stats. */
  sent: number;
  received: number;
  /** Connections on their way to it. */
  readonly sending: Set<Accepted>;
  /** Its requests and connections at each server. */
  readonly loads: Map<Host, HostLoad>;
  connections: number;
  usage: Usage;
  /** Called in turn, one for each stats message that was requested. */
  readonly statsWaiters: (() => void)[];
}

interface HostLoad {
  /** Requests; at a server that has left one of them stands for all, until the worker has parted from it. */
  readonly inFlight: number;
  /** Connections. */
  readonly connections: number;
}

const noLoad: HostLoad = { inFlight: 0, connections: 0 };

export const newWorkerHandle = (worker: ChildProcess): WorkerHandle => ({
  worker,
  isReady: false,
  sent: 0,
  received: 0,
  sending: new Set(),
  loads: new Map(),
  connections: 0,
  usage: { cpuSeconds: 0, residentBytes: 0 },
  statsWaiters: [],
});

/** A worker that is gone misses noLoad. */
export const sendTo = (worker: ChildProcess, message: ToWorker): void => {
  if (worker.connected) worker.send(message, () => {});
};

/** Sets what a worker has at a server. */
export function setLoad({ loads }: WorkerHandle, host: Host, now: HostLoad): void {
  const before = loads.get(host) ?? noLoad;
  host.inFlight += now.inFlight - before.inFlight;
  host.connections += now.connections - before.connections;
  if (now.inFlight + now.connections === 0) loads.delete(host);
  else loads.set(host, now);
  if (host.inFlight === 0) host.onIdle?.();
}

/** The last request of a worker at a removed server has ended. */
export function recordIdle(handle: WorkerHandle, name: string, address: string): void {
  for (const host of [...handle.loads.keys()])
    if (host.name === name && host.address === address) setLoad(handle, host, noLoad);
}

/** It has ended: it has noLoad at any server, and nobody waits for it. */
export function recordExit(handle: WorkerHandle): void {
  for (const done of handle.statsWaiters) done();
  for (const host of [...handle.loads.keys()]) setLoad(handle, host, noLoad);
}

/** Resolves when a worker has reported all that it has counted so far. */
export function requestStats(handle: WorkerHandle): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, COUNT_MS);
    handle.statsWaiters.push(() => {
      clearTimeout(timer);
      resolve();
    });
    sendTo(handle.worker, { type: "request-stats" });
  });
}

/** Ends when its requests have; killed some time after the deadline. */
export async function closeWorker(worker: ChildProcess, deadlineMs: number): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  sendTo(worker, { type: "close", deadlineMs });
  const timer = setTimeout(() => worker.kill("SIGKILL"), deadlineMs + 1_000);
  await once(worker, "exit");
  clearTimeout(timer);
}
