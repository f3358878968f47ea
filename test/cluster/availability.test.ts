import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { defaultCheck } from "../../cluster/balancer/config/config.ts";
import { parseHashKey } from "../../cluster/balancer/config/hash-key.ts";
import {
  ask,
  type Balancer,
  control,
  json,
  member,
  pollTimeout,
  putServers,
  readEvents,
  servedBy,
  startFor,
  startHttp,
  startOne,
  startRaw,
  startServers,
} from "./harness.ts";

const quick = { ...defaultCheck, intervalMs: 10, timeoutMs: 5_000, fall: 1, rise: 1 };
const byUri = { key: parseHashKey("uri") };
const paths = Array.from({ length: 60 }, (_, i) => `/data/${i}`);

const ownersNow = async ({ port }: Balancer): Promise<string[]> => {
  const owners = [];
  for (const path of paths) owners.push(servedBy(await ask(port, { path })));
  return owners;
};

/** A server that answers, whatever its checks say. */
async function startDoubtful(name: string) {
  let status = 200;
  const port = await startHttp((request, response) => {
    response.setHeader("x-served-by", name);
    response.writeHead(request.url === "/heartbeat" ? status : 200).end();
  });
  const setHealth = (next: number): void => {
    status = next;
  };
  return { member: member(name, port), setHealth };
}

describe("32: panic", () => {
  test("below half of the servers up, down ones are used too, and the gauge says so", async () => {
    const servers = await Promise.all(["a", "b", "c"].map(startDoubtful));
    const balancer = await startFor(
      servers.map((server) => server.member),
      { ...byUri, check: quick },
    );
    const events = await readEvents(balancer);
    const gauge = async () =>
      /^lbctl_panic (\d)/m.exec((await control(balancer, "GET", "/metrics")).body.toString())?.[1];
    expect(await gauge()).toBe("0");
    servers[0]?.setHealth(500);
    await events.next("down");
    expect(await ownersNow(balancer)).not.toContain("a");
    servers[1]?.setHealth(500);
    await events.next("panic");
    expect(new Set(await ownersNow(balancer))).toEqual(new Set(["a", "b", "c"]));
    expect(await gauge()).toBe("1");
    servers[0]?.setHealth(200);
    await events.next("panic-ended");
    expect(await ownersNow(balancer)).not.toContain("b");
    expect(await gauge()).toBe("0");
  });

  test("does not use servers that answer nothing", async () => {
    const [alive] = await startServers(1);
    const doubtful = await startDoubtful("doubtful");
    // Takes connections, and says nothing.
    const frozen = await startRaw(() => {});
    const members = [alive, doubtful.member, member("frozen-1", frozen), member("frozen-2", frozen)];
    const balancer = await startFor(
      members.filter((each) => each !== undefined),
      { ...byUri, check: { ...quick, timeoutMs: 300 }, responseTimeoutMs: 1_000 },
    );
    const events = await readEvents(balancer);
    doubtful.setHealth(500);
    await events.next("panic");
    await expect
      .poll(async () => new Set(await ownersNow(balancer)), pollTimeout)
      .toEqual(new Set(["server-1", "doubtful"]));
  });

  test("no longer uses a server that answered badly, and then refuses connections", async () => {
    const [bad, worse, good] = await Promise.all([startOne("bad"), startOne("worse"), startDoubtful("good")]);
    const members = [member("bad", bad.port), member("worse", worse.port), good.member];
    const check = { ...quick, path: "/what-they-do-not-know" };
    const balancer = await startFor(members, { ...byUri, check });
    await expect.poll(async () => new Set(await ownersNow(balancer)), pollTimeout).toContain("worse");
    await expect.poll(async () => new Set(await ownersNow(balancer)), pollTimeout).toContain("bad");
    await worse.close();
    const attempts = async () => {
      const replies = [];
      for (const path of paths) replies.push(await ask(balancer.port, { path }));
      return new Set(replies.map(({ headers }) => headers["x-lbctl-attempts"] ?? "1"));
    };
    await expect.poll(attempts, pollTimeout).toEqual(new Set(["1"]));
    expect(new Set(await ownersNow(balancer))).toEqual(new Set(["bad", "good"]));
  });

  test("does not use servers that refuse connections, and does not come where it is off", async () => {
    const [alive] = await startServers(1);
    const doubtful = await startDoubtful("doubtful");
    const members = [alive, doubtful.member, member("gone-1", 1), member("gone-2", 2)].filter(
      (each) => each !== undefined,
    );
    const balancer = await startFor(members, { ...byUri, check: quick });
    const events = await readEvents(balancer);
    doubtful.setHealth(500);
    await events.next("panic");
    expect(new Set(await ownersNow(balancer))).toEqual(new Set(["server-1", "doubtful"]));
    const { servers } = json(await control(balancer, "GET", "/v1/servers"));
    for (const { name, requests } of servers) if (name.startsWith("gone")) expect(requests).toBe(0);
    const calm = await startFor(members, { ...byUri, check: quick, panicPercent: 0 });
    await expect.poll(async () => new Set(await ownersNow(calm)), pollTimeout).toEqual(new Set(["server-1"]));
  });
});

describe("28: a server that is full", () => {
  test("is passed over for the next candidate; when all are, requests are refused at once", async () => {
    const held: ServerResponse[] = [];
    const hold = (name: string) => startHttp((_, response) => void held.push(response.setHeader("x-served-by", name)));
    const balancer = await startFor([member("a", await hold("a")), member("b", await hold("b"))], { maxInFlight: 2 });
    const asked = Array.from({ length: 4 }, () => ask(balancer.port));
    await expect.poll(() => held.length, pollTimeout).toBe(4);
    const refused = await ask(balancer.port);
    expect([refused.status, json(refused).error.reason]).toEqual([503, "no-server"]);
    for (const response of held) response.end();
    const owners = (await Promise.all(asked)).map(servedBy);
    expect(owners.toSorted()).toEqual(["a", "a", "b", "b"]);
  });
});

describe("slow start", () => {
  test("gives a server that joins a tenth of its keys at first, the same ones each time", async () => {
    const members = await startServers(4);
    const balancer = await startFor(members.slice(0, 3), { ...byUri, slowStartMs: 3_600_000 });
    await putServers(balancer, members);
    const keys = Array.from({ length: 400 }, (_, i) => `/data/${i}`);
    const owner = async (path: string) => servedBy(await ask(balancer.port, { path }));
    const wanted: string[] = [];
    for (const path of keys) {
      const { candidates } = json(await control(balancer, "GET", `/v1/placement?key=${path}`));
      if (candidates[0] === "server-4") wanted.push(path);
    }
    const taken: string[] = [];
    for (const path of wanted) if ((await owner(path)) === "server-4") taken.push(path);
    expect(taken.length / wanted.length).toBeGreaterThan(0);
    expect(taken.length / wanted.length).toBeLessThan(0.3);
    for (const path of taken) expect(await owner(path)).toBe("server-4");
  });

  test("is over after its time, and does not hold back the only server there is", async () => {
    const members = await startServers(2);
    const quickly = await startFor(members.slice(0, 1), { ...byUri, slowStartMs: 1 });
    await putServers(quickly, members);
    await expect.poll(async () => new Set(await ownersNow(quickly)).size, pollTimeout).toBe(2);
    const alone = await startFor([], { ...byUri, slowStartMs: 3_600_000 });
    await putServers(alone, members.slice(0, 1));
    expect(new Set(await ownersNow(alone))).toEqual(new Set(["server-1"]));
  });
});
