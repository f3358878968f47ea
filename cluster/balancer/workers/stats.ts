import { type Host, type HostCounters, newHostCounters } from "../cluster/host.ts";
import type { DataPlane } from "../proxy/data-plane.ts";
import type { LatencyHistogram } from "../telemetry/latency-histogram.ts";
import { newProxyCounters, ownUsage, type ProxyCounters } from "../telemetry/proxy-stats.ts";
import { atServer, type WorkerHandle } from "./handle.ts";
import type { StatsMessage } from "./messages.ts";

type Pairs = readonly (readonly [number, number])[];

/** Tells what was counted since it last told: a parent adds it to what it has. */
export class StatsDelta {
  readonly #durations: LatencyHistogram;
  readonly #told = new Map<string, { tally: HostCounters; answers: ReadonlyMap<number, number> }>();
  #counts = newProxyCounters();
  #localReplies: ReadonlyMap<number, number> = new Map();
  #buckets: readonly number[] = [];
  #sum = 0;

  constructor(durations: LatencyHistogram) {
    this.#durations = durations;
  }

  take(hosts: readonly Host[], plane: DataPlane): Omit<StatsMessage, "taken"> {
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
    const before = this.#told.get(name);
    const tally = tallyOf(counts);
    this.#told.set(name, { tally, answers: new Map(counts.answers) });
    return {
      name,
      tally: minus(tally, before?.tally ?? newHostCounters()),
      answers: grown(counts.answers, before?.answers),
      inFlight,
      connections,
      lastError,
    };
  }
}

/** The counts of a server without what its parent process counts itself. */
const tallyOf = ({ ejections, answers, ...tally }: Host["counts"]): HostCounters => tally;

type Numbers<T> = { readonly [Name in keyof T]: number };

/** Each number less what it was. */
function minus<T extends Numbers<T>>(now: T, before: Numbers<T>): T {
  const names = Object.keys(now) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as T;
}

/** Where what workers counted is added up. */
export interface StatsTotals {
  readonly localReplies: Map<number, number>;
  readonly counts: ProxyCounters;
  readonly durations: LatencyHistogram;
  find(server: string): Host | undefined;
}

/** Adds what the worker behind `handle` counted since it last told. */
export function addStats(totals: StatsTotals, handle: WorkerHandle, counted: StatsMessage): void {
  for (const { name, tally, answers, inFlight, connections, lastError } of counted.servers) {
    const host = totals.find(name);
    if (host === undefined) continue;
    addNumbers<HostCounters>(host.counts, tally);
    addPairs(host.counts.answers, answers);
    if (tally.failures > 0) host.lastError = lastError;
    atServer(handle, host, { inFlight, connections });
  }
  addPairs(totals.localReplies, counted.localReplies);
  addNumbers(totals.counts, counted.counts);
  totals.durations.add(counted.durations.buckets, counted.durations.sum);
  handle.connections = counted.connections;
  handle.taken = counted.taken;
  handle.usage = { cpuSeconds: counted.cpuSeconds, residentBytes: counted.residentBytes };
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
