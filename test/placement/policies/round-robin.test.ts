import { expect, test } from "vitest";
import type { Placement } from "../../../src/placement/index.ts";
import { placed, servers } from "../servers.ts";

const turns = (placement: Placement, count: number, accept?: (member: number) => boolean): number[] =>
  Array.from({ length: count }, () => placement.select("any key", accept));

test("takes each in turn", () => {
  expect(turns(placed("round-robin", servers(3)), 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

// nginx's smooth weighted round-robin: its commit 52327e0627f4 gives a, a, b, a, c, a, a for the weights 5, 1, 1.
test("spreads the turns of a heavy server as nginx does", () => {
  const members = [5, 1, 1].map((weight, i) => ({ name: "abc".charAt(i), weight }));
  expect(turns(placed("round-robin", members), 7)).toEqual([0, 0, 1, 0, 2, 0, 0]);
});

test("shares the turns of a server that is down among all the others, and has none saved up when it returns", () => {
  const placement = placed("round-robin", servers(4));
  const down = turns(placement, 300, (member) => member !== 1);
  expect([0, 1, 2, 3].map((m) => down.filter((turn) => turn === m).length)).toEqual([100, 0, 100, 100]);
  expect(turns(placement, 8).filter((turn) => turn === 1)).toHaveLength(2);
});

test("takes no turn for candidates", () => {
  const placement = placed("round-robin", servers(3));
  expect([placement.candidates("k"), placement.candidates("k")]).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ]);
  expect(turns(placement, 1)).toEqual([0]);
  expect(placement.candidates("k")).toEqual([1, 2, 0]);
});
