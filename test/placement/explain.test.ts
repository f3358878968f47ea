import { describe, expect, test } from "vitest";
import { explainer } from "../../src/placement/explain.ts";
import {
  createPlacement,
  defaultHash,
  hashes,
  parseMembers,
  parsePolicy,
  policies,
} from "../../src/placement/index.ts";

const members = parseMembers("a=10.0.0.1:80,b=10.0.0.2:80*2,c=10.0.0.3:80,d=10.0.0.4:80");
const keys = Array.from({ length: 2_000 }, (_, key) => `key-${key}`);
const hash = hashes[defaultHash];

describe.each(Object.keys(policies))("explaining %s", (name) => {
  const policy = parsePolicy(name);
  const explain = explainer(policy, hash, members);
  const placement = createPlacement(policy, hash, members);

  test("names a hash where one decides, and a point of the key's own server where there is a ring", () => {
    for (const key of keys) {
      const explanation = explain(key);
      const server = placement.members[placement.select(key)]?.name;
      if (explanation.hash === null) expect(explanation.ring).toBeNull();
      else {
        expect(explanation.hash.value).toBeLessThan(2 ** explanation.hash.bits);
        expect(placement.members[placement.byHash?.member(explanation.hash.value) ?? -1]?.name).toBe(server);
      }
      if (explanation.ring !== null) expect(explanation.ring.server).toBe(server);
    }
  });
});

test("tells of the hash and the place of a ring, and of neither where no key decides", () => {
  const explanation = explainer(parsePolicy("ring"), hash, members)("alice");
  expect(explanation.hash).toMatchObject({ name: "xxh64" });
  expect(explanation.ring?.place).toBeCloseTo((explanation.hash?.value ?? 0) / 2 ** (explanation.hash?.bits ?? 0), 12);
  expect(explainer(parsePolicy("round-robin"), hash, members)("alice")).toEqual({ hash: null, ring: null });
});
