import { expect, test } from "vitest";
import { figures } from "../../src/verify/figures/index.ts";

test.each(figures)("$what: $expected", (figure) => {
  const { ours, ok } = figure.run();
  expect(ok, `ours is ${ours}, expected ${figure.expected} (${figure.source})`).toBe(true);
});

test("has a figure's name once each", () => {
  expect(new Set(figures.map(({ what }) => what)).size).toBe(figures.length);
});
