import { type Host, type HostCounters, newHostCounters } from "../cluster/host.ts";
import type { DataPlane } from "../proxy/data-plane.ts";
import type { LatencyHistogram } from "../telemetry/latency-histogram.ts";
import { newProxyCounters, ownUsage, type ProxyCounters } from "../telemetry/proxy-stats.ts";
import { setLoad, type WorkerHandle } from "./handle.ts";
import type { StatsMessage } from "./messages.ts";

type Pairs = readonly (readonly [number, number])[];

/** What a worker has counted since its last stats message; the primary adds it to its totals. */
export class StatsDelta {
  readonly #durations: LatencyHistogram;
  readonly #sent = new Map<string, { counters: HostCounters; responses: ReadonlyMap<number, number> }>();
  #counts = newProxyCounters();
  #localReplies: ReadonlyMap<number, number> = new Map();
  #buckets: readonly number[] = [];
  #sum = 0;

  constructor(durations: LatencyHistogram) {
    this.#durations = durations;
  }

  take(hosts: readonly Host[], plane: DataPlane): Omit<StatsMessage, "received"> {
    const localReplies = grown(plane.localReplies, this.#localReplies);
    this.#localReplies = new Map(plane.localReplies);
    const counts = minus(plane.counts, this.#counts);
    this.#counts = { ...plane.counts };
    const { buckets, sum } = this.#durations;
    const durations = {
      buckets: [...buckets].map((count, i) => count - (this.#buckets[i] ?? 0)),
      sum: sum - this.#sum,
    };
    this.#buckets = [...buckets];
    this.#sum = sum;
    return {
      servers: hosts.map((host) => this.#server(host)),
      localReplies,
      counts,
      durations,
      connections: plane.connections,
      ...ownUsage(),
    };
  }

  #server({ name, counts, inFlight, connections, lastError }: Host): StatsMessage["servers"][number] {
    const before = this.#sent.get(name);
    const counters = countersOf(counts);
    this.#sent.set(name, { counters, responses: new Map(counts.responses) });
    return {
      name,
      counters: minus(counters, before?.counters ?? newHostCounters()),
      responses: grown(counts.responses, before?.responses),
      inFlight,
      connections,
      lastError,
    };
  }
}

/** The counts of a server without what the primary counts itself. */
const countersOf = ({ ejections, responses, ...counters }: Host["counts"]): HostCounters => counters;

type Numbers<T> = { readonly [Name in keyof T]: number };

/** Each number less what it was. */
function minus<T extends Numbers<T>>(now: T, before: Numbers<T>): T {
  const names = Object.keys(now) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as T;
}

/** Where the stats of all workers are added up. */
export interface StatsTotals {
  readonly localReplies: Map<number, number>;
  readonly counts: ProxyCounters;
  readonly durations: LatencyHistogram;
  find(server: string): Host | undefined;
}

/** Adds a stats message of the worker behind `handle`. */
export function addStats(totals: StatsTotals, handle: WorkerHandle, stats: StatsMessage): void {
  for (const { name, counters, responses, inFlight, connections, lastError } of stats.servers) {
    const host = totals.find(name);
    if (host === undefined) continue;
    addNumbers<HostCounters>(host.counts, counters);
    addPairs(host.counts.responses, responses);
    if (counters.failures > 0) host.lastError = lastError;
    setLoad(handle, host, { inFlight, connections });
  }
  addPairs(totals.localReplies, stats.localReplies);
  addNumbers(totals.counts, stats.counts);
  totals.durations.add(stats.durations.buckets, stats.durations.sum);
  handle.connections = stats.connections;
  handle.received = stats.received;
  handle.usage = { cpuSeconds: stats.cpuSeconds, residentBytes: stats.residentBytes };
}

function addPairs(counts: Map<number, number>, more: Pairs): void {
  for (const [status, count] of more) counts.set(status, (counts.get(status) ?? 0) + count);
}

/** Adds each number of `more` to the one of its name. */
function addNumbers<T extends Record<keyof T, number>>(counts: T, more: Numbers<T>): void {
  for (const name of Object.keys(more) as (keyof T)[]) (counts[name] as number) += more[name];
}

const grown = (now: ReadonlyMap<number, number>, before?: ReadonlyMap<number, number>): Pairs =>
  [...now].flatMap(([status, count]) => {
    const more = count - (before?.get(status) ?? 0);
    return more === 0 ? [] : [[status, more] as const];
  });
