import { execa } from "execa";
import { expect, it } from "vitest";

const bin = new URL("../bin/bench.js", import.meta.url).pathname;
const bench = (...args: string[]) => execa(process.execPath, [bin, ...args], { reject: false });

it("has figures of a simulation for a script", async () => {
  const { stdout, exitCode } = await bench("simulation", "--quick", "--json");
  const { machine, simulation } = JSON.parse(stdout);
  expect([machine.node, exitCode]).toEqual([process.version, 0]);
  expect(simulation.map(({ policy }: { policy: string }) => policy)).toContain("ring");
  for (const figures of simulation) {
    expect(figures).toMatchObject({ servers: [2, 3, 4, 5, 6], keys: 1_000_000 });
    expect(figures.seconds).toBeGreaterThan(0);
  }
});

it("says which parts there are", async () => {
  const { stderr, exitCode } = await bench("speed");
  expect([stderr, exitCode]).toEqual(['There is no part "speed": choose from placement, simulation.', 2]);
});
