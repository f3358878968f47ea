/** The data plane as several worker processes that share one port, under this one, which sees and decides. */
import { type ChildProcess, fork } from "node:child_process";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";
import { codeOf } from "../config/error-code.ts";
import type { DataPlane } from "../proxy/data-plane.ts";
import type { Listener } from "../proxy/listener.ts";
import type { BalancerEvent } from "../telemetry/events.ts";
import type { LatencyHistogram } from "../telemetry/latency-histogram.ts";
import { type AcceptedBy, addUsage, newProxyCounters, ownUsage, type Usage } from "../telemetry/proxy-stats.ts";
import { takePort } from "./accepting.ts";
import { clusterUpdate } from "./cluster-update.ts";
import { ConnectionDispatcher } from "./dispatcher.ts";
import {
  closeWorker,
  newWorkerHandle,
  recordExit,
  recordIdle,
  requestStats,
  sendTo,
  setLoad,
  type WorkerHandle,
} from "./handle.ts";
import { type FromWorker, type WorkerSetup, workerArguments } from "./messages.ts";

import { addStats, type StatsTotals } from "./stats.ts";

export interface WorkersOptions {
  readonly workers: number;
  /** The module that a worker process runs. */
  readonly file: string;
  readonly setup: WorkerSetup;
  readonly cluster: Cluster;
  readonly durations: LatencyHistogram;
  readonly emit: (event: BalancerEvent) => void;
}

/** A worker that ends sooner after its start would do so again at once: the next one waits as long. */
const RESTART_MS = 1_000;

/** Starts the workers; rejects with the system's error when the port is taken. */
export async function startWorkersPlane(options: WorkersOptions): Promise<DataPlane> {
  const plane = new WorkerPool(options);
  await plane.start();
  return plane;
}

class WorkerPool implements DataPlane {
  readonly localReplies = new Map<number, number>();
  readonly counts = newProxyCounters();
  restarts = 0;
  acceptedBy: AcceptedBy = "dispatcher";
  readonly #options: WorkersOptions;
  readonly #handles = new Set<WorkerHandle>();
  readonly #dispatcher = new ConnectionDispatcher(this.#handles);
  readonly #totals: StatsTotals;
  #listener: Listener | null = null;
  readonly #restarts = new Set<NodeJS.Timeout>();
  #sentSnapshot: ClusterSnapshot | null = null;
  #closing = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
    const { cluster, durations } = options;
    const { localReplies, counts } = this;
    this.#totals = { localReplies, counts, durations, find: (name) => cluster.find(name) };
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  get connections(): number {
    return [...this.#handles].reduce((sum, handle) => sum + handle.connections, 0);
  }

  get workers(): number {
    return this.#handles.size;
  }

  get usage(): Usage {
    return [...this.#handles].reduce((sum, { usage }) => addUsage(sum, usage), ownUsage());
  }

  async start(): Promise<void> {
    const { setup, workers } = this.#options;
    const { acceptedBy, listener } = await takePort(setup.listen, (accepted) => this.#dispatcher.dispatch(accepted));
    this.acceptedBy = acceptedBy;
    this.#listener = listener;
    try {
      await Promise.all(Array.from({ length: workers }, () => this.#fork()));
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  /** Tells every worker what has changed. */
  update(): void {
    const { snapshot } = this.#options.cluster;
    const update = clusterUpdate(snapshot, snapshot !== this.#sentSnapshot);
    this.#sentSnapshot = snapshot;
    for (const { worker } of this.#handles) sendTo(worker, { type: "update", update });
  }

  forget(host: Host): void {
    for (const handle of this.#handles) setLoad(handle, host, { inFlight: 1, connections: 0 });
  }

  /** Each worker sees it in the states that `update` tells. */
  hostDown(): void {}

  async reopenLog(): Promise<void> {
    for (const { worker } of this.#handles) sendTo(worker, { type: "reopen-log" });
    // Counts come after it.
    await this.refresh();
  }

  async refresh(): Promise<void> {
    await Promise.all([...this.#handles].map(requestStats));
  }

  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    const closed = this.#listener?.close();
    this.#dispatcher.close();
    await Promise.all([...this.#handles].map(({ worker }) => closeWorker(worker, deadlineMs)));
    await closed;
  }

  /** Starts a worker; resolves when it takes connections. */
  #fork(): Promise<void> {
    const began = performance.now();
    // A worker has no business with the control port.
    const worker = fork(this.#options.file, workerArguments, { env: { ...process.env, LBCTL_TOKEN: "" } });
    const handle = newWorkerHandle(worker);
    this.#handles.add(handle);
    return new Promise((resolve, reject) => {
      const onExit = (how: string): void => {
        this.#onExit(handle, how, began);
        reject(new Error(`a worker ended before it took connections (${how})`));
      };
      worker.once("exit", (code, signal) => onExit(signal ?? `exit code ${code}`));
      worker.on("error", (error) => {
        // One that could not even be started does not exit. What it lacks may be descriptors.
        if (worker.pid !== undefined) return;
        this.#dispatcher.stopHolding();
        onExit(codeOf(error));
      });
      worker.on("message", (message: FromWorker) => {
        if (message.type === "ready") this.#startWorker(worker);
        else if (message.type === "started") {
          this.#dispatcher.add(handle);
          resolve();
        } else this.#onMessage(handle, message);
      });
    });
  }

  #startWorker(worker: ChildProcess): void {
    const { setup, cluster } = this.#options;
    const listen = { host: setup.listen.host, port: this.port };
    const update = clusterUpdate(cluster.snapshot, true);
    sendTo(worker, { type: "start", setup: { ...setup, listen }, acceptedBy: this.acceptedBy, update });
  }

  #onMessage(handle: WorkerHandle, message: FromWorker): void {
    const { cluster, emit } = this.#options;
    if (message.type === "stats") {
      addStats(this.#totals, handle, message.stats);
      if (message.isRequested) handle.statsWaiters.shift()?.();
    } else if (message.type === "removed-idle") recordIdle(handle, message.server, message.address);
    else if (message.type === "event") emit(message.event);
    else if ("server" in message) {
      const host = cluster.find(message.server);
      if (host === undefined) return;
      if (message.type === "success") cluster.recordSuccess(host);
      else if (message.type === "check") cluster.recordCheck(host, message.error);
      else if (message.type === "failure") this.#recordFailure(host, message.code, performance.now() - message.agoMs);
    }
  }

  /** From a first failure on, every worker reports the next response of the server. */
  #recordFailure(host: Host, code: string, began: number): void {
    const before = host.consecutiveFailures;
    this.#options.cluster.recordFailure(host, code, began);
    if (before === 0 && host.consecutiveFailures > 0) this.update();
  }

  #onExit(handle: WorkerHandle, how: string, began: number): void {
    this.#handles.delete(handle);
    recordExit(handle);
    this.#dispatcher.remove(handle);
    if (this.#closing) return;
    this.#options.emit({ type: "worker-lost", reason: how });
    this.#restart(performance.now() - began < RESTART_MS ? RESTART_MS : 0);
  }

  /** Starts a worker in the place of one that has ended, as often as it takes. */
  #restart(afterMs: number): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.restarts += 1;
      try {
        // One that ends early is followed by another, too.
        this.#fork().catch(() => {});
      } catch (error) {
        this.#options.emit({ type: "defect", reason: String(error) });
        this.#restart(RESTART_MS);
      }
    }, afterMs);
    this.#restarts.add(timer);
  }
}
