/** A policy or a hash of the user's own in the balancer: how it comes in, and what it costs when it fails. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { configFromEnv } from "../../cluster/balancer/config/environment.ts";
import { moduleName } from "../../src/modules/file.ts";
import { loadPlacement } from "../../src/modules/load.ts";
import { createPlacement } from "../../src/placement/index.ts";
import {
  ask,
  type Balancer,
  control,
  json,
  putServers,
  readEvents,
  servedBy,
  startFor,
  startServers,
} from "./harness.ts";

const byUri = { key: { kind: "uri" } } as const;

/** A module under its name, as the control API takes it. */
const named = (file: string, source: string) => ({ name: moduleName(file, source), source });

/** Keys go to the last server; one fails, one is refused, one sees no others than the first. */
const policy = named(
  "last.js",
  `export const options = { skip: 0 };
export const build = (servers, hash, { skip }) => function* (key) {
  if (key === "/throws") throw new TypeError("not this one");
  if (key === "/nobody") yield "server-9";
  while (key === "/endless") yield 0;
  yield servers.length - 1 - skip;
};`,
);
const hash = named(
  "length.cjs",
  "exports.bits = 8; exports.hash = (bytes) => (bytes.length === 4 ? -1 : bytes.length);",
);

const setPolicy = (balancer: Balancer, text: string, modules: (typeof policy)[], more: object = {}) =>
  control(balancer, "PUT", "/v1/policy", {
    policy: text,
    modules: Object.fromEntries(modules.map(({ name, source }) => [name, source])),
    ...more,
  });

describe("the control port", () => {
  test("takes modules as sources, places by them at once, and shows them", async () => {
    const members = await startServers(4);
    const balancer = await startFor(members, byUri);
    const reply = await setPolicy(balancer, `${policy.name}:skip=1`, [policy, hash], { hash: hash.name });
    expect(json(reply)).toEqual({ policy: `${policy.name}:skip=1`, hash: hash.name, key: "uri" });
    expect(servedBy(await ask(balancer.port))).toBe("server-3");
    const { modules, ...shown } = json(await control(balancer, "GET", "/v1/policy"));
    expect(shown).toEqual(json(reply));
    expect(modules).toEqual({ [policy.name]: policy.source, [hash.name]: hash.source });
    const again = await loadPlacement({ ...shown, modules });
    const placement = createPlacement(again.policy, again.hash, members);
    const { candidates } = json(await control(balancer, "GET", "/v1/placement?key=/data"));
    expect(placement.candidates("/data").map((index) => placement.members[index]?.name)).toEqual(candidates);
  });

  test("goes on with them through other options, another membership and another key", async () => {
    const members = await startServers(3);
    const balancer = await startFor(members, byUri);
    await setPolicy(balancer, policy.name, [policy]);
    expect((await putServers(balancer, members.slice(0, 2))).status).toBe(200);
    expect(servedBy(await ask(balancer.port))).toBe("server-2");
    expect((await control(balancer, "PUT", "/v1/policy", { policy: `${policy.name}:skip=1` })).status).toBe(200);
    expect(servedBy(await ask(balancer.port))).toBe("server-1");
  });

  test.each([
    [policy.name, {}, /There is no policy "last\.js#/],
    [
      "last.js",
      { "last.js": policy.source },
      /The module last\.js is not what its name says: by its source it is last\.js#/,
    ],
    [policy.name, { [policy.name]: `${policy.source} ` }, /is not what its name says/],
    [hash.name, { [hash.name]: hash.source }, /has no policy \(it exports bits, hash\)/],
    ["ring", { [policy.name]: 5 }, /modules/],
  ])("refuses the policy %s with modules that are not so, and changes nothing", async (text, modules, message) => {
    const balancer = await startFor(await startServers(1));
    const before = json(await control(balancer, "GET", "/v1/policy"));
    const reply = await control(balancer, "PUT", "/v1/policy", { policy: text, modules });
    expect(reply.status).toBe(400);
    expect(json(reply).error.message).toMatch(message);
    expect(json(await control(balancer, "GET", "/v1/policy"))).toEqual(before);
  });

  test.each([
    ["broken.js", "export const build = (", /^broken\.js#\w{8} is not JavaScript, in line 1: /],
    [
      "reads.js",
      'import "./other.js"; export const build = 1;',
      /imports "\.\/other\.js": a module has to stand alone/,
    ],
    ["picky.js", "export const build = (all) => all[7].name;", /failed to build for one server, in line 1: TypeError/],
  ])("refuses %s, which does not load or build", async (file, source, message) => {
    const balancer = await startFor(await startServers(1));
    const module = named(file, source);
    const reply = await setPolicy(balancer, module.name, [module]);
    expect([reply.status, json(reply).error.reason]).toEqual([400, "invalid"]);
    expect(json(reply).error.message).toMatch(message);
  });

  test("takes none without its token, and the data port takes none at all", async () => {
    const balancer = await startFor(await startServers(1));
    const body = { policy: policy.name, modules: { [policy.name]: policy.source } };
    expect((await control(balancer, "PUT", "/v1/policy", body, { authorization: "Bearer no" })).status).toBe(401);
    expect((await control(balancer, "GET", "/v1/policy", undefined, { authorization: "" })).status).toBe(401);
    const reply = await ask(balancer.port, { method: "PUT", path: "/v1/policy", body: JSON.stringify(body) });
    expect(servedBy(reply)).toBe("server-1");
    expect(json(await control(balancer, "GET", "/v1/policy")).policy).toBe("ring");
  });
});

describe("a module that fails on a request", () => {
  test.each([
    ["/throws", /^last\.js#\w{8} failed on the key "\/throws", in line 3: TypeError: not this one\.$/],
    [
      "/nobody",
      /^last\.js#\w{8} chose "server-9" for the key "\/nobody": give a server, its name, its index from 0 to 1/,
    ],
  ])("costs %s that request alone, with a reason and an event", async (path, reason) => {
    const balancer = await startFor(await startServers(2), byUri);
    await setPolicy(balancer, policy.name, [policy]);
    const events = await readEvents(balancer);
    const replies = await Promise.all(["/data", path, "/data"].map((each) => ask(balancer.port, { path: each })));
    expect(replies.map(({ status }) => status)).toEqual([200, 500, 200]);
    expect(json(replies[1] as never).error).toMatchObject({
      reason: "policy-failed",
      message: expect.stringMatching(/policy failed .*log/),
    });
    const event = await events.next("placement-failed");
    expect(event).toMatchObject({ requests: 1, reason: expect.stringMatching(reason) });
    const metrics = (await control(balancer, "GET", "/metrics")).body.toString();
    expect(metrics).toContain('lbctl_requests_total{server="",code="500"} 1');
    const asked = await control(balancer, "GET", `/v1/placement?key=${path}`);
    expect([asked.status, json(asked).error.message]).toEqual([400, expect.stringMatching(reason)]);
  });

  test("by candidates without end costs it the same, once the first of them is down", async () => {
    const balancer = await startFor(await startServers(2), byUri);
    await setPolicy(balancer, policy.name, [policy]);
    expect(servedBy(await ask(balancer.port, { path: "/endless" }))).toBe("server-1");
    await control(balancer, "POST", "/v1/servers/server-1/drain");
    const events = await readEvents(balancer);
    expect((await ask(balancer.port, { path: "/endless" })).status).toBe(500);
    expect((await events.next("placement-failed")).reason).toMatch(/gave 1000000 candidates .* without server-2/);
    expect(servedBy(await ask(balancer.port))).toBe("server-2");
  });

  test("by its hash costs it the same", async () => {
    const balancer = await startFor(await startServers(2), byUri);
    await setPolicy(balancer, "modulo", [hash], { hash: hash.name });
    const events = await readEvents(balancer);
    expect((await ask(balancer.port, { path: "/abc" })).status).toBe(500);
    expect((await events.next("placement-failed")).reason).toMatch(/^length\.cjs#\w{8} returned -1 for "\/abc"/);
    expect((await ask(balancer.port, { path: "/data" })).status).toBe(200);
  });

  test("again and again is told once, and later how often it was", async () => {
    const logged: { type: string }[] = [];
    const balancer = await startFor(await startServers(2), byUri, (event) => logged.push(event));
    await setPolicy(balancer, policy.name, [policy]);
    const replies = await Promise.all(Array.from({ length: 50 }, () => ask(balancer.port, { path: "/throws" })));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([500]));
    const failures = logged.filter(({ type }) => type === "placement-failed");
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThan(50);
  });
});

describe("the environment", () => {
  test("names modules by their paths", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lbctl-modules-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "last.js"), policy.source);
    await writeFile(join(folder, "length.cjs"), hash.source);
    const config = await configFromEnv({
      LBCTL_POLICY: `${join(folder, "last.js")}:skip=1`,
      LBCTL_HASH: join(folder, "length.cjs"),
    });
    expect(config).toMatchObject({
      policy: { name: policy.name, options: { skip: 1 } },
      hash: { name: hash.name, bits: 8 },
    });
    const read = configFromEnv({ LBCTL_POLICY: join(folder, "nothing.js") });
    await expect(read).rejects.toThrow(/^LBCTL_POLICY: The module .* can't be read \(ENOENT\)/);
  });
});
