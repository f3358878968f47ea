import { expect, test } from "vitest";
import { placed, servers } from "../servers.ts";

test.each(["nginx", "nginx-hash"])("refuses weights that are not whole (%s)", (policy) => {
  expect(() => placed(policy, [{ name: "a", weight: 0.5 }])).toThrow(/weight of a is 0.5: nginx takes whole numbers\./);
});

test("refuses more points than a machine has room for", () => {
  expect(() => placed("nginx", [{ name: "a", weight: 1e6 }])).toThrow(
    /160000000 points, over 4194304: lower the weights/,
  );
});

test.each(["nginx", "nginx-hash"])("takes turns for the empty key, by weight (%s)", (policy) => {
  const [one, two] = servers(2);
  const placement = placed(policy, [{ name: "heavy", weight: 2 }, ...(one && two ? [one, two] : [])]);
  const turns = Array.from({ length: 8 }, () => placement.select(""));
  expect(turns).toEqual([0, 1, 2, 0, 0, 1, 2, 0]);
});
