import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatMember, type Member, PlacementError, parseMembers } from "../../src/placement/index.ts";

const port = fc.integer({ min: 1, max: 65_535 });
const host = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((ip) => `[${ip}]`),
  fc.domain(),
);
const address = fc.tuple(host, port).map(([h, p]) => `${h}:${p}`);
const name = fc.stringMatching(/^[A-Za-z0-9._:[\]-]([A-Za-z0-9._:[\] -]{0,30}[A-Za-z0-9._:[\]-])?$/);
const weight = fc.oneof(fc.constant(1), fc.double({ min: 0, minExcluded: true, max: 1e6, noNaN: true }));
const member: fc.Arbitrary<Member> = fc
  .tuple(fc.option(name, { nil: undefined }), weight, address)
  .map(([n, w, a]) => ({ name: n ?? a, weight: w, address: a }));

describe("servers' text", () => {
  test("comes back the same through formatMember and parseMembers", () => {
    const members = fc.uniqueArray(member, { minLength: 1, maxLength: 6, selector: (m) => m.name });
    fc.assert(
      fc.property(members, (list) => {
        expect(parseMembers(list.map(formatMember).join(","))).toEqual(list);
      }),
    );
  });

  test("is names, addresses and weights, the first and the last optional", () => {
    expect(parseMembers("a=10.0.0.1:80*2, 10.0.0.2:80 ,v6=[::1]:8080*.5,localhost:1")).toEqual([
      { name: "a", weight: 2, address: "10.0.0.1:80" },
      { name: "10.0.0.2:80", weight: 1, address: "10.0.0.2:80" },
      { name: "v6", weight: 0.5, address: "[::1]:8080" },
      { name: "localhost:1", weight: 1, address: "localhost:1" },
    ]);
  });

  test("may be names alone, for placement that needs no address", () => {
    expect(parseMembers("a,b*2")).toEqual([
      { name: "a", weight: 1 },
      { name: "b", weight: 2 },
    ]);
  });

  test("is as short as can be", () => {
    expect(parseMembers("10.0.0.1:80=10.0.0.1:80*1.0").map(formatMember)).toEqual(["10.0.0.1:80"]);
    expect(formatMember({ name: "server-1", weight: 3 })).toBe("server-1*3");
  });

  test.each([
    ["", /server name "" can't be used/],
    ["a=", /address "" can't be used: write HOST:PORT/],
    ["a=10.0.0.1", /write HOST:PORT/],
    ["a=10.0.0.1:0", /port from 1 to 65535/],
    ["a=10.0.0.1:65536", /port from 1 to 65535/],
    ["a=::1:80", /IPv6 in brackets/],
    ["a=x:1,", /server name "" can't be used/],
    ["=10.0.0.1:80", /server name "" can't be used/],
    ["a/b=10.0.0.1:80", /server name "a\/b" can't be used/],
    [`${"a".repeat(129)}=10.0.0.1:80`, /can't be used: take 1 to 128 letters/],
    ["a=x:1*0", /weight of a is 0: give a number over 0/],
    ["a=x:1*-1", /weight "-1" can't be used/],
    ["a=x:1*", /weight "" can't be used/],
    ["a=x:1*1000001", /up to 1000000/],
    ["a=x:1*1*2", /more than one \*/],
    ["a=x:1,a=x:2", /"a" is given twice/],
    ["x:1,x:1", /"x:1" is given twice/],
  ])("%j is a mistake that is explained", (text, message) => {
    expect(() => parseMembers(text)).toThrow(PlacementError);
    expect(() => parseMembers(text)).toThrow(message);
  });
});
