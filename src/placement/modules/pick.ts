import { PlacementError } from "../error.ts";
import type { Accept, Load, Member, Placement } from "../types.ts";
import type { Pick } from "./author.ts";
import { forget, moduleFailed, show } from "./module.ts";

/** Candidates for one key without every server among them, over which somebody must have lost count. */
const MAX_CANDIDATES = 1_000_000;

const everyone: Accept = () => true;
const idle: Load = () => 0;

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value;

/** A placement that asks a user's function: the placement of a policy from the module of that name. */
export function pickPlacement(module: string, members: readonly Member[], pick: Pick): Placement {
  const count = members.length;
  const indices = new Map(members.map(({ name }, member) => [name, member]));

  /** The member that a choice means. */
  function memberOf(choice: unknown, key: string): number {
    if (typeof choice === "number" && Number.isInteger(choice) && choice >= 0 && choice < count) return choice;
    const name = typeof choice === "object" && choice !== null ? Reflect.get(choice, "name") : choice;
    const named = typeof name === "string" ? indices.get(name) : undefined;
    if (named !== undefined) return named;
    forget(choice);
    throw new PlacementError(
      `${module} chose ${show(choice)} for the key ${show(key)}: give a server, its name, its index from 0 to ${count - 1}, or a list of them.`,
    );
  }

  /** The first member that `accept` takes, from one on and round. */
  function following(first: number, accept: Accept): number {
    for (let step = 0; step < count; step++) {
      const member = (first + step) % count;
      if (accept(member)) return member;
    }
    return -1;
  }

  /** The first of the choices that `accept` takes, and after them of the members that were not among them. */
  function firstOf(choices: Iterable<unknown>, key: string, accept: Accept): number {
    const met = new Set<number>();
    let asked = 0;
    for (const choice of choices) {
      const member = memberOf(choice, key);
      if (!met.has(member) && accept(member)) return member;
      if (met.add(member).size === count) return -1;
      if (++asked === MAX_CANDIDATES) throw new PlacementError(endless(key, met));
    }
    return following(0, (member) => !met.has(member) && accept(member));
  }

  const endless = (key: string, met: ReadonlySet<number>): string =>
    `${module} gave ${MAX_CANDIDATES} candidates for the key ${show(key)} without ${members.find((_, m) => !met.has(m))?.name}: end the list once there are no others.`;

  function choose(key: string, accept: Accept, load: Load): number {
    try {
      const chosen: unknown = pick(key, load);
      return isIterable(chosen) ? firstOf(chosen, key, accept) : following(memberOf(chosen, key), accept);
    } catch (error) {
      throw moduleFailed(module, `on the key ${show(key)}`, error);
    }
  }

  return {
    members,
    select: (key, accept = everyone, load = idle) => choose(key, accept, load),
    candidates: (key) => {
      const order: number[] = [];
      choose(key, (member) => order.push(member) === 0, idle);
      return order;
    },
  };
}
