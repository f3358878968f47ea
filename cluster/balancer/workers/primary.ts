/** The data plane as several worker processes that share one port, under this one, which sees and decides. */
import { type ChildProcess, fork } from "node:child_process";
import { formatPolicy, sourcesOf } from "../../../src/placement/index.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host, HostCounters } from "../cluster/host.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";
import { codeOf } from "../config/error-code.ts";
import type { DataPlane } from "../proxy/data-plane.ts";
import { type Listener, listenFor } from "../proxy/listener.ts";
import type { BalancerEvent } from "../telemetry/events.ts";
import type { LatencyHistogram } from "../telemetry/latency-histogram.ts";
import { newProxyCounters, ownUsage, type Usage } from "../telemetry/proxy-stats.ts";
import { ConnectionDispatcher } from "./dispatcher.ts";
import { askCounts, atServer, closeWorker, leave, newWorkerHandle, part, tell, type WorkerHandle } from "./handle.ts";
import { type FromWorker, type Snapshot, type StatsMessage, type WorkerSetup, workerArguments } from "./messages.ts";
import { addNumbers } from "./stats.ts";

export interface WorkersOptions {
  readonly workers: number;
  /** The module that a worker process runs. */
  readonly file: string;
  readonly setup: WorkerSetup;
  readonly members: Cluster;
  readonly durations: LatencyHistogram;
  readonly emit: (event: BalancerEvent) => void;
}

/** A worker that ends sooner after its start would do so again at once: the next one waits as long. */
const restartMs = 1_000;

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
  readonly #options: WorkersOptions;
  readonly #slots = new Set<WorkerHandle>();
  readonly #dealer = new ConnectionDispatcher(this.#slots);
  #listener: Listener | null = null;
  readonly #restarts = new Set<NodeJS.Timeout>();
  #shown: ClusterSnapshot | null = null;
  #closing = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  get connections(): number {
    return [...this.#slots].reduce((sum, slot) => sum + slot.connections, 0);
  }

  get workers(): number {
    return this.#slots.size;
  }

  get usage(): Usage {
    return [...this.#slots].reduce((sum, { usage }) => plus(sum, usage), ownUsage());
  }

  async start(): Promise<void> {
    const { setup, workers } = this.#options;
    this.#listener = await listenFor(setup.listen, (accepted) => this.#dealer.deal(accepted));
    try {
      await Promise.all(Array.from({ length: workers }, () => this.#fork()));
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  /** Tells every worker what has changed. */
  update(): void {
    const { view } = this.#options.members;
    const snapshot = this.#snapshot(view !== this.#shown);
    this.#shown = view;
    for (const { worker } of this.#slots) tell(worker, { type: "snapshot", snapshot });
  }

  forget(host: Host): void {
    for (const slot of this.#slots) atServer(slot, host, { inFlight: 1, connections: 0 });
  }

  /** Each worker sees it in the states that `update` tells. */
  hostDown(): void {}

  async reopenLog(): Promise<void> {
    for (const { worker } of this.#slots) tell(worker, { type: "reopen-log" });
    // Counts come after it.
    await this.refresh();
  }

  async refresh(): Promise<void> {
    await Promise.all([...this.#slots].map(askCounts));
  }

  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    const closed = this.#listener?.close();
    this.#dealer.close();
    await Promise.all([...this.#slots].map(({ worker }) => closeWorker(worker, deadlineMs)));
    await closed;
  }

  #snapshot(withView: boolean): Snapshot {
    const { policy, hash, key, members, hosts } = this.#options.members.view;
    const hostStates = hosts.map(({ name, healthy, ejected, draining, usedInPanic, consecutiveFailures, upSince }) => ({
      name,
      healthy,
      ejected,
      draining,
      usedInPanic,
      upForMs: Number.isFinite(upSince) ? performance.now() - upSince : null,
      suspect: consecutiveFailures > 0,
    }));
    if (!withView) return { hostStates };
    const modules = sourcesOf(policy, hash);
    return { view: { policy: formatPolicy(policy), hash: hash.name, modules, key, members }, hostStates };
  }

  /** Starts a worker; resolves when it takes connections. */
  #fork(): Promise<void> {
    const began = performance.now();
    // A worker has no business with the control port.
    const worker = fork(this.#options.file, workerArguments, { env: { ...process.env, LBCTL_TOKEN: "" } });
    const slot = newWorkerHandle(worker);
    this.#slots.add(slot);
    return new Promise((resolve, reject) => {
      const ended = (how: string): void => {
        this.#ended(slot, how, began);
        reject(new Error(`a worker ended before it took connections (${how})`));
      };
      worker.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
      worker.on("error", (error) => {
        // One that could not even be started does not exit. What it lacks may be descriptors.
        if (worker.pid !== undefined) return;
        this.#dealer.letGo();
        ended(codeOf(error));
      });
      worker.on("message", (message: FromWorker) => {
        if (message.type === "ready") this.#begin(worker);
        else if (message.type === "started") {
          this.#dealer.welcome(slot);
          resolve();
        } else this.#take(slot, message);
      });
    });
  }

  #begin(worker: ChildProcess): void {
    tell(worker, { type: "start", setup: this.#options.setup, snapshot: this.#snapshot(true) });
  }

  #take(slot: WorkerHandle, message: FromWorker): void {
    const { members, emit } = this.#options;
    if (message.type === "counted") {
      this.#count(slot, message.counted);
      if (message.asked) slot.waiting.shift()?.();
    } else if (message.type === "parted") part(slot, message.server, message.address);
    else if (message.type === "event") emit(message.event);
    else if ("server" in message) {
      const host = members.find(message.server);
      if (host === undefined) return;
      if (message.type === "answered") members.recordSuccess(host);
      else if (message.type === "checked") members.recordCheck(host, message.error);
      else if (message.type === "lost") this.#lost(host, message.code, performance.now() - message.agoMs);
    }
  }

  /** From a first loss on, every worker tells when the server answers again. */
  #lost(host: Host, code: string, began: number): void {
    const before = host.consecutiveFailures;
    this.#options.members.recordFailure(host, code, began);
    if (before === 0 && host.consecutiveFailures > 0) this.update();
  }

  #count(slot: WorkerHandle, counted: StatsMessage): void {
    const { servers, localReplies, counts, durations, connections, taken, cpuSeconds, residentBytes } = counted;
    for (const { name, tally, answers, inFlight, connections, lastError } of servers) {
      const host = this.#options.members.find(name);
      if (host === undefined) continue;
      addNumbers<HostCounters>(host.counts, tally);
      addTo(host.counts.answers, answers);
      if (tally.failures > 0) host.lastError = lastError;
      atServer(slot, host, { inFlight, connections });
    }
    addTo(this.localReplies, localReplies);
    addNumbers(this.counts, counts);
    this.#options.durations.add(durations.buckets, durations.sum);
    slot.connections = connections;
    slot.taken = taken;
    slot.usage = { cpuSeconds, residentBytes };
  }

  #ended(slot: WorkerHandle, how: string, began: number): void {
    this.#slots.delete(slot);
    leave(slot);
    this.#dealer.part(slot);
    if (this.#closing) return;
    this.#options.emit({ type: "worker-lost", reason: how });
    this.#restart(performance.now() - began < restartMs ? restartMs : 0);
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
        this.#restart(restartMs);
      }
    }, afterMs);
    this.#restarts.add(timer);
  }
}

const plus = (a: Usage, b: Usage): Usage => ({
  cpuSeconds: a.cpuSeconds + b.cpuSeconds,
  residentBytes: a.residentBytes + b.residentBytes,
});

function addTo(counts: Map<number, number>, more: readonly (readonly [number, number])[]): void {
  for (const [status, count] of more) counts.set(status, (counts.get(status) ?? 0) + count);
}
