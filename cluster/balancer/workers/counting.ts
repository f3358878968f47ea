import type { Durations } from "../durations.ts";
import { type DataPlane, newPlaneCounts, ownUsage } from "../plane/plane.ts";
import { newTally, type Tally, type Upstream } from "../upstream.ts";
import type { Counted } from "./messages.ts";

type Pairs = readonly (readonly [number, number])[];

/** Tells what was counted since it last told: a parent adds it to what it has. */
export class Counting {
  readonly #durations: Durations;
  readonly #told = new Map<string, { tally: Tally; answers: ReadonlyMap<number, number> }>();
  #counts = newPlaneCounts();
  #refusals: ReadonlyMap<number, number> = new Map();
  #buckets: readonly number[] = [];
  #sum = 0;

  constructor(durations: Durations) {
    this.#durations = durations;
  }

  take(upstreams: readonly Upstream[], plane: DataPlane): Omit<Counted, "taken"> {
    const refusals = grown(plane.refusals, this.#refusals);
    this.#refusals = new Map(plane.refusals);
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
      servers: upstreams.map((upstream) => this.#server(upstream)),
      refusals,
      counts,
      durations,
      connections: plane.connections,
      ...ownUsage(),
    };
  }

  #server({ name, counts, inFlight, connections, lastError }: Upstream): Counted["servers"][number] {
    const before = this.#told.get(name);
    const tally = tallyOf(counts);
    this.#told.set(name, { tally, answers: new Map(counts.answers) });
    return {
      name,
      tally: minus(tally, before?.tally ?? newTally()),
      answers: grown(counts.answers, before?.answers),
      inFlight,
      connections,
      lastError,
    };
  }
}

/** The counts of a server without what its parent process counts itself. */
const tallyOf = ({ ejections, answers, ...tally }: Upstream["counts"]): Tally => tally;

type Numbers<T> = { readonly [Name in keyof T]: number };

/** Each number less what it was. */
function minus<T extends Numbers<T>>(now: T, before: Numbers<T>): T {
  const names = Object.keys(now) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as T;
}

/** Adds each number of `more` to the one of its name. */
export function addNumbers<T extends Record<keyof T, number>>(counts: T, more: Numbers<T>): void {
  for (const name of Object.keys(more) as (keyof T)[]) (counts[name] as number) += more[name];
}

const grown = (now: ReadonlyMap<number, number>, before?: ReadonlyMap<number, number>): Pairs =>
  [...now].flatMap(([status, count]) => {
    const more = count - (before?.get(status) ?? 0);
    return more === 0 ? [] : [[status, more] as const];
  });
