import { describe, expect, test } from "vitest";
import { ConfigError, withDefaults } from "../../cluster/balancer/config/config.ts";
import { configFromEnv } from "../../cluster/balancer/config/environment.ts";
import { startBalancer } from "../../cluster/balancer/start.ts";
import { freshPort } from "../lbctl.ts";
import { anywhere, startFor, token } from "./harness.ts";

describe("the environment", () => {
  test("that says nothing gives the defaults", async () => {
    expect(await configFromEnv({ LBCTL_POLICY: "" })).toMatchObject({
      listen: { host: "127.0.0.1", port: 5000 },
      control: null,
      token: null,
      members: [],
      policy: { name: "ring" },
      key: { kind: "client-ip" },
      trust: [],
      check: { kind: "http", path: "/heartbeat", intervalMs: 2000, timeoutMs: 1000, fall: 3, rise: 2 },
    });
  });

  test("sets every part", async () => {
    const config = await configFromEnv({
      LBCTL_LISTEN: "[::1]:1",
      LBCTL_CONTROL: "0.0.0.0:2",
      LBCTL_CONTROL_EXPOSED: "1",
      LBCTL_TOKEN: token,
      LBCTL_SERVERS: "a=10.0.0.1:80*2,b=10.0.0.2:80",
      LBCTL_POLICY: "ring:vnodes=9",
      LBCTL_HASH: "xxh64",
      LBCTL_KEY: "header:X-User",
      LBCTL_TRUST: "loopback, 10.0.0.0/8",
      LBCTL_CHECK: "tcp interval=50 timeout=20 fall=1 rise=4",
    });
    expect(config).toMatchObject({
      listen: { host: "::1", port: 1 },
      control: { host: "0.0.0.0", port: 2 },
      controlExposed: true,
      token,
      members: [
        { name: "a", weight: 2, address: "10.0.0.1:80" },
        { name: "b", weight: 1, address: "10.0.0.2:80" },
      ],
      policy: { name: "ring", options: { vnodes: 9 } },
      hash: { name: "xxh64" },
      key: { kind: "header", name: "X-User" },
      trust: ["loopback", "10.0.0.0/8"],
      check: { kind: "tcp", intervalMs: 50, timeoutMs: 20, fall: 1, rise: 4 },
    });
  });

  test.each([
    ["LBCTL_LISTEN", "5000"],
    ["LBCTL_LISTEN", "a:70000"],
    ["LBCTL_CONTROL", "[10.0.0.1]:80"],
    ["LBCTL_CONTROL_EXPOSED", "yes"],
    ["LBCTL_TOKEN", "short"],
    ["LBCTL_SERVERS", "a=b=c"],
    ["LBCTL_POLICY", "rung"],
    ["LBCTL_HASH", "md6"],
    ["LBCTL_KEY", "colour"],
    ["LBCTL_TRUST", "everyone"],
    ["LBCTL_CHECK", "ping"],
    ["LBCTL_CHECK", "/health interval=0"],
    ["LBCTL_CHECK", "/health often=1"],
  ])("with %s=%s is refused by the name of the variable", async (name, value) => {
    const read = configFromEnv({ [name]: value });
    await expect(read).rejects.toThrow(ConfigError);
    await expect(read).rejects.toThrow(new RegExp(`^${name}: [^\n]+$`));
  });
});

describe("startBalancer", () => {
  test.each([
    [{ control: anywhere }, /LBCTL_TOKEN/],
    [{ control: { host: "0.0.0.0", port: 0 }, token }, /LBCTL_CONTROL_EXPOSED/],
    [{ members: [{ name: "a", weight: 1 }] }, /address/],
    [{ trust: ["nobody"] }, /nobody/],
  ])("refuses %o", async (part, message) => {
    await expect(startBalancer(withDefaults({ listen: anywhere, ...part }))).rejects.toThrow(message);
  });

  test("that cannot have its control port leaves its data port free", async () => {
    const { controlPort } = await startFor([]);
    const port = freshPort();
    const config = { listen: { host: "127.0.0.1", port }, control: { host: "127.0.0.1", port: controlPort }, token };
    await expect(startBalancer(withDefaults(config))).rejects.toMatchObject({ code: "EADDRINUSE" });
    const second = await startBalancer(withDefaults({ ...config, control: anywhere }));
    expect(second.port).toBe(port);
    await second.close();
  });
});
