import { describe, expect, test } from "vitest";
import { unmetExpectations } from "../src/expectations.ts";

const result = { failed: 2, latencyMs: { p99: 12.5 }, name: "x" };

describe("unmetExpectations", () => {
  test.each([
    ["failed<=2", []],
    ["failed = 2, latencyMs.p99 < 13", []],
    ["failed<2", ["Expected failed<2, but failed is 2."]],
    ["failed>=3,latencyMs.p99>12.4", ["Expected failed>=3, but failed is 2."]],
    ["", []],
  ])("%s", (conditions, unmet) => expect(unmetExpectations(conditions, result)).toEqual(unmet));

  test.each([
    ["failed", /can't read "failed"/],
    ["failed<two", /can't read/],
    ["nothing<1", /names nothing/],
    ["name<1", /no number/],
    ["latencyMs<1", /no number/],
  ])("refuses %s", (conditions, says) => expect(() => unmetExpectations(conditions, result)).toThrow(says));

  test("without a result only the form is checked", () => {
    expect(unmetExpectations("anything<1", null)).toEqual([]);
    expect(() => unmetExpectations("any thing", null)).toThrow();
  });
});
