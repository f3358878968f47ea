import { expect, test } from "vitest";
import { spreadOf } from "../../src/stats/spread.ts";

test.each([
  [[], { mean: 0, sd: 0 }],
  [[3], { mean: 3, sd: 0 }],
  [[1, 3], { mean: 2, sd: Math.SQRT2 }],
  [[5, 5, 5], { mean: 5, sd: 0 }],
])("of %j", (values, spread) => expect(spreadOf(values)).toEqual(spread));
