import { requestSlot } from "../../placement/hashes/quadratic.ts";
import { placeVnodes } from "../../placement/policies/classroom.ts";
import { simulate } from "../../simulate/simulate.ts";
import type { Figure } from "../figure.ts";
import { place, servers } from "../servers.ts";

const FIRST_KEY = 100_000;
const KEYS = 900_000;
const SLOTS = 512;

/** The keys of each server when all six-digit keys are scaled to 10,000. */
function spread(count: number): string {
  const { counts } = simulate(place("classroom", servers(count)), {
    count: KEYS,
    key: (index) => String(FIRST_KEY + index),
  });
  return Array.from(counts, (keys) => Math.round((keys / KEYS) * 10_000)).join("/");
}

const rows = [
  [2, "9531/469"],
  [3, "8359/469/1172"],
  [4, "8047/469/1094/391"],
  [5, "7656/469/938/391/547"],
  [6, "7266/469/938/391/547/391"],
] as const;

const oracle = rows.map(
  ([count, expected]): Figure => ({
    what: `classroom: the keys 100000…999999 over ${count} servers, scaled to 10,000`,
    source: "the assignment's formulas",
    expected,
    run: () => {
      const ours = spread(count);
      return { ours, ok: ours === expected };
    },
  }),
);

/** Why it is so: a quadratic reaches few slots, and the vnodes of small ids lie close together. */
const reach: Figure = {
  what: "classroom: slots that H(i) reaches; where the vnodes of the ids 1…3 lie",
  source: "the assignment's formulas",
  expected: "87 of 512; 29…133",
  run: () => {
    const reached = new Set(Array.from({ length: KEYS }, (_, i) => requestSlot(FIRST_KEY + i, SLOTS)));
    const placed = placeVnodes(servers(3), SLOTS, 9);
    const taken = [...placed.keys()].filter((slot) => placed[slot] !== -1);
    const ours = `${reached.size} of ${SLOTS}; ${taken[0]}…${taken.at(-1)}`;
    return { ours, ok: ours === "87 of 512; 29…133" };
  },
};

export const classroomFigures: readonly Figure[] = [...oracle, reach];
