import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FleetSpec, resized, withDrained, withoutServer, withServer } from "../../src/fleet/spec.ts";

const empty: FleetSpec = {
  driver: "process",
  servers: [],
  policy: "ring",
  hash: "xxh64",
  modules: {},
  key: "client-ip",
  port: 5000,
  bind: "127.0.0.1",
  trust: ["loopback"],
  check: "/heartbeat",
  images: null,
};
const names = (spec: FleetSpec) => spec.servers.map(({ name, port }) => `${name}:${port}`);

describe("a fleet's servers", () => {
  test("grow by the lowest free number and shrink from the highest port", () => {
    const three = resized(empty, 3);
    expect(names(three)).toEqual(["server-1:5001", "server-2:5002", "server-3:5003"]);
    expect(names(resized(withoutServer(three, "server-2"), 3))).toEqual([
      "server-1:5001",
      "server-3:5003",
      "server-2:5002",
    ]);
    expect(names(resized(three, 1))).toEqual(["server-1:5001"]);
  });

  test("named ones take the next port and their number stays free", () => {
    const mixed = withServer(withServer(resized(empty, 1), "canary"));
    expect(names(mixed)).toEqual(["server-1:5001", "canary:5002", "server-3:5003"]);
  });

  test("whatever is added and removed, names and ports stay distinct and in range", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 8 }), (counts) => {
        const spec = counts.reduce((fleet, count) => resized(fleet, count), resized(empty, 1));
        expect(new Set(names(spec)).size).toBe(spec.servers.length);
        expect(new Set(spec.servers.map(({ port }) => port)).size).toBe(spec.servers.length);
        for (const { name, port } of spec.servers) expect(name).toBe(`server-${port - 5000}`);
      }),
    );
  });

  test("mistakes say what there is", () => {
    const two = resized(empty, 2);
    expect(() => withServer(two, "server-1")).toThrow(/already/);
    expect(() => withServer(two, "balancer")).toThrow(/can't name a server/);
    expect(() => withServer(two, "a b")).toThrow(/can't name a server/);
    expect(() => withoutServer(two, "x")).toThrow(/there are server-1, server-2/);
    expect(() => withoutServer(resized(empty, 1))).toThrow(/lbctl down/);
    expect(() => withDrained(two, "x", true)).toThrow(/No server is named x/);
    expect(() => resized({ ...empty, port: 65_000 }, 10)).not.toThrow();
    expect(() => resized({ ...empty, port: 65_530 }, 10)).toThrow(/No port is left/);
  });
});
