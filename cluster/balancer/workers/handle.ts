/** A worker process, as the one above it sees it. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Host } from "../cluster/host.ts";
import type { Accepted } from "../proxy/listener.ts";
import type { Usage } from "../telemetry/proxy-stats.ts";
import type { ToWorker } from "./messages.ts";

/** How long to wait for counts that were asked for: a busy worker answers later. */
const countMs = 1_000;

/** A worker process, and what it last told. */
export interface WorkerHandle {
  readonly worker: ChildProcess;
  /** It takes connections. */
  isReady: boolean;
  /** Connections that it was given, and those that it had when it last told. */
  given: number;
  taken: number;
  /** Connections on their way to it. */
  readonly sending: Set<Accepted>;
  /** What it has at each server. */
  readonly atServers: Map<Host, AtServer>;
  connections: number;
  usage: Usage;
  /** Who waits for the counts that were asked for; they come in the order of the asking. */
  readonly waiting: (() => void)[];
}

interface AtServer {
  /** Requests; at a server that has left one of them stands for all, until the worker has parted from it. */
  readonly inFlight: number;
  /** Connections. */
  readonly connections: number;
}

const nothing: AtServer = { inFlight: 0, connections: 0 };

export const newWorkerHandle = (worker: ChildProcess): WorkerHandle => ({
  worker,
  isReady: false,
  given: 0,
  taken: 0,
  sending: new Set(),
  atServers: new Map(),
  connections: 0,
  usage: { cpuSeconds: 0, residentBytes: 0 },
  waiting: [],
});

/** A worker that is gone misses nothing. */
export const tell = (worker: ChildProcess, message: ToWorker): void => {
  if (worker.connected) worker.send(message, () => {});
};

/** A worker has this at a server now. */
export function atServer({ atServers }: WorkerHandle, host: Host, now: AtServer): void {
  const before = atServers.get(host) ?? nothing;
  host.inFlight += now.inFlight - before.inFlight;
  host.connections += now.connections - before.connections;
  if (now.inFlight + now.connections === 0) atServers.delete(host);
  else atServers.set(host, now);
  if (host.inFlight === 0) host.onIdle?.();
}

/** It has nothing any more at the server that had this name and address. */
export function part(slot: WorkerHandle, name: string, address: string): void {
  for (const host of [...slot.atServers.keys()])
    if (host.name === name && host.address === address) atServer(slot, host, nothing);
}

/** It has ended: it has nothing at any server, and nobody waits for it. */
export function leave(slot: WorkerHandle): void {
  for (const done of slot.waiting) done();
  for (const host of [...slot.atServers.keys()]) atServer(slot, host, nothing);
}

/** Resolves when it has told what it has counted so far. */
export function askCounts(slot: WorkerHandle): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, countMs);
    slot.waiting.push(() => {
      clearTimeout(timer);
      resolve();
    });
    tell(slot.worker, { type: "count" });
  });
}

/** Ends when its requests have; killed some time after the deadline. */
export async function closeWorker(worker: ChildProcess, deadlineMs: number): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  tell(worker, { type: "close", deadlineMs });
  const timer = setTimeout(() => worker.kill("SIGKILL"), deadlineMs + 1_000);
  await once(worker, "exit");
  clearTimeout(timer);
}
