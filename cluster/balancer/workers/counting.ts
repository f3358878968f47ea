import type { Durations } from "../durations.ts";
import { type DataPlane, ownUsage } from "../plane/plane.ts";
import type { Upstream } from "../upstream.ts";
import type { Counted } from "./messages.ts";

type Pairs = readonly (readonly [number, number])[];

/** Tells what was counted since it last told: a parent adds it to what it has. */
export class Counting {
  readonly #durations: Durations;
  readonly #told = new Map<
    string,
    { requests: number; failures: number; retries: number; answers: Map<number, number> }
  >();
  #refusals: ReadonlyMap<number, number> = new Map();
  #buckets: readonly number[] = [];
  #sum = 0;

  constructor(durations: Durations) {
    this.#durations = durations;
  }

  take(upstreams: readonly Upstream[], plane: DataPlane): Counted {
    const refusals = grown(plane.refusals, this.#refusals);
    this.#refusals = new Map(plane.refusals);
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
      durations,
      connections: plane.connections,
      ...ownUsage(),
    };
  }

  #server({ name, counts, inFlight, lastError }: Upstream): Counted["servers"][number] {
    const { requests, failures, retries, answers } = counts;
    const before = this.#told.get(name);
    this.#told.set(name, { requests, failures, retries, answers: new Map(answers) });
    return {
      name,
      requests: requests - (before?.requests ?? 0),
      failures: failures - (before?.failures ?? 0),
      retries: retries - (before?.retries ?? 0),
      answers: grown(answers, before?.answers),
      inFlight,
      lastError,
    };
  }
}

const grown = (now: ReadonlyMap<number, number>, before?: ReadonlyMap<number, number>): Pairs =>
  [...now].flatMap(([status, count]) => {
    const more = count - (before?.get(status) ?? 0);
    return more === 0 ? [] : [[status, more] as const];
  });
