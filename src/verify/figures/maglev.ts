import { hashes, type Member } from "../../placement/index.ts";
import { fillTable, maglevTable } from "../../placement/policies/maglev.ts";
import { type Figure, near, percent } from "../figure.ts";
import { servers } from "../servers.ts";

const SERVERS = 1000;
const SIZE = 65_537;
const source = "Eisenbud et al., NSDI 2016";

const [b0, b1, b2] = [
  { offset: 3, skip: 4, weight: 1 },
  { offset: 0, skip: 2, weight: 1 },
  { offset: 3, skip: 1, weight: 1 },
];

const example: Figure = {
  what: "maglev: the table of 7 slots of (offset, skip) (3,4), (0,2), (3,1), and without B1",
  source: `${source}, table 1`,
  expected: "1,0,1,0,2,2,0; 0,0,0,0,2,2,2",
  run: () => {
    const without = fillTable(7, [b0, b2]).map((server) => (server === 1 ? 2 : 0));
    const ours = `${fillTable(7, [b0, b1, b2])}; ${without}`;
    return { ours, ok: ours === "1,0,1,0,2,2,0; 0,0,0,0,2,2,2" };
  },
};

/** How many slots each server has. */
function slotCounts(owners: Uint16Array): number[] {
  const counts = new Array<number>(SERVERS).fill(0);
  for (const owner of owners) counts[owner] = (counts[owner] ?? 0) + 1;
  return counts;
}

const balance = (
  [
    [SIZE, "1.007"],
    [655_373, "1.001"],
  ] as const
).map(
  ([size, expected]): Figure => ({
    what: `maglev: most slots over the mean, ${SERVERS} servers, ${size} slots`,
    source: `${source}, section 5.3`,
    expected: `${expected}; ${Math.floor(size / SERVERS)} or ${Math.ceil(size / SERVERS)} each`,
    run: () => {
      const counts = slotCounts(maglevTable(servers(SERVERS), hashes.xxh64, size));
      const [least, most] = [Math.min(...counts), Math.max(...counts)];
      const peak = ((most * SERVERS) / size).toFixed(3);
      const fair = least === Math.floor(size / SERVERS) && most === Math.ceil(size / SERVERS);
      return { ours: `${peak}; ${least} or ${most} each`, ok: fair && peak === expected };
    },
  }),
);

/** The part of all slots that change their server when `leaving` leave, besides those servers' own. */
function disruption(all: readonly Member[], leaving: readonly Member[]): number {
  const left = new Set(leaving);
  const stay = all.filter((member) => !left.has(member));
  const [before, after] = [maglevTable(all, hashes.xxh64, SIZE), maglevTable(stay, hashes.xxh64, SIZE)];
  const changed = before.filter((owner, slot) => {
    const was = all[owner] as Member;
    return !left.has(was) && was !== stay[after[slot] as number];
  });
  return changed.length / SIZE;
}

/** The mean over several sets of k servers. */
function meanDisruption(k: number): number {
  const all = servers(SERVERS);
  const trials = Array.from({ length: 10 }, (_, t) => all.slice(t * 97, t * 97 + k));
  return trials.reduce((sum, leaving) => sum + disruption(all, leaving), 0) / trials.length;
}

const disruptions = ([1, 10, 30] as const).map((k, i): Figure => {
  const expected = [0.006, 0.023, 0.028][i] as number;
  return {
    what: `maglev: slots that move between survivors when ${k} of ${SERVERS} servers leave, ${SIZE} slots`,
    source: `${source}, figure 12`,
    expected: `about ${percent(expected)}`,
    run: () => {
      const ours = meanDisruption(k);
      return { ours: percent(ours, 2), ok: near(ours, expected, 0.15) };
    },
  };
});

export const maglevFigures: readonly Figure[] = [example, ...balance, ...disruptions];
