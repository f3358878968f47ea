import type { Member } from "../../placement/index.ts";
import { type Owners, simulate } from "../../simulate/simulate.ts";
import { clientKeys } from "../../workload/client-keys.ts";
import { type Figure, near, percent } from "../figure.ts";
import { place, servers } from "../servers.ts";

const KEYS = 200_000;
const SEED = 1;
const FEW = 10;

/** The moved part of all keys, and the part whose server is neither `joined` nor one that has left. */
interface Move {
  readonly moved: number;
  readonly betweenOthers: number;
}

const nameOf = (owners: Owners, key: number): string => owners.members[owners.owners[key] as number]?.name ?? "";

function move(policy: string, from: readonly Member[], to: readonly Member[]): Move {
  const keys = clientKeys(KEYS, SEED);
  const [before, after] = [simulate(place(policy, from), keys), simulate(place(policy, to), keys)];
  const [old, current] = [new Set(from.map(({ name }) => name)), new Set(to.map(({ name }) => name))];
  let moved = 0;
  let betweenOthers = 0;
  for (let key = 0; key < KEYS; key++) {
    const [was, is] = [nameOf(before, key), nameOf(after, key)];
    if (was === is) continue;
    moved++;
    if (old.has(is) && current.has(was)) betweenOthers++;
  }
  return { moved: moved / KEYS, betweenOthers: betweenOthers / KEYS };
}

const describe = ({ moved, betweenOthers }: Move): string =>
  `${percent(moved, 2)}, ${betweenOthers === 0 ? "none" : percent(betweenOthers, 2)} between others`;

/** A policy's promise: adding one server to n moves exactly that server's keys, one part in n+1. */
const least = (policy: string, source: string): Figure => ({
  what: `${policy}: keys that move from ${FEW} servers to ${FEW + 1}`,
  source,
  expected: `${percent(1 / (FEW + 1), 2)}, none between others`,
  run: () => {
    const ours = move(policy, servers(FEW), servers(FEW + 1));
    return { ours: describe(ours), ok: ours.betweenOthers === 0 && near(ours.moved, 1 / (FEW + 1), 0.03) };
  },
});

const anchorLeave: Figure = {
  what: `anchor: keys that move when server-4 of ${FEW} leaves`,
  source: "Mendelson et al. 2020",
  expected: `${percent(1 / FEW, 2)}, none between others`,
  run: () => {
    const stay = servers(FEW).filter(({ name }) => name !== "server-4");
    const ours = move("anchor", servers(FEW), stay);
    return { ours: describe(ours), ok: ours.betweenOthers === 0 && near(ours.moved, 1 / FEW, 0.03) };
  },
};

const modulo: Figure = {
  what: `modulo: keys that move from ${FEW - 1} servers to ${FEW}`,
  source: "N/(N+1)",
  expected: percent((FEW - 1) / FEW, 2),
  run: () => {
    const { moved } = move("modulo", servers(FEW - 1), servers(FEW));
    return { ours: percent(moved, 2), ok: near(moved, (FEW - 1) / FEW, 0.01) };
  },
};

export const moveFigures: readonly Figure[] = [
  least("rendezvous", "Thaler and Ravishankar 1998"),
  least("jump", "Lamping and Veach 2014"),
  least("anchor", "Mendelson et al. 2020"),
  anchorLeave,
  modulo,
];
