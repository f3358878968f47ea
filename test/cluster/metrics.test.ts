import { expect, test } from "vitest";
import { parsePolicy } from "../../src/placement/index.ts";
import {
  ask,
  control,
  deadPort,
  json,
  member,
  pollTimeout,
  readEvents,
  servedBy,
  startFor,
  startHttp,
  startServers,
  token,
} from "./harness.ts";
import { builtProgram, run } from "./program.ts";

const program = builtProgram("balancer");

type Asked = Parameters<typeof control>[0];

/** Each series with its value, of those that a pattern takes. */
async function scrape(balancer: Asked, pattern = /^lbctl_/): Promise<Record<string, number>> {
  const text = (await control(balancer, "GET", "/metrics")).body.toString();
  const lines = text.split("\n").filter((line) => pattern.test(line));
  return Object.fromEntries(lines.map((line) => [line.replace(/ \S+$/, ""), Number(line.split(" ").at(-1))]));
}

/** What depends on the time that things take, or on how many processes have connections of their own. */
const variable = /duration_seconds_(bucket|sum)|_server_connections|lbctl_workers|lbctl_accepted_by/;

test("several workers count together what one counts alone", async () => {
  const servers = [...(await startServers(2)), member("dead", deadPort())];
  const seen = [];
  for (const workers of ["1", "2"]) {
    const balancer = await run(program, {
      LBCTL_WORKERS: workers,
      LBCTL_LISTEN: "127.0.0.1:0",
      LBCTL_CONTROL: "127.0.0.1:0",
      LBCTL_TOKEN: token,
      LBCTL_KEY: "uri",
      LBCTL_CHECK: "off",
      // When a worker hears of an ejection is a matter of chance.
      LBCTL_EJECT_AFTER: "0",
      LBCTL_SERVERS: servers.map(({ name, address }) => `${name}=${address}`).join(","),
    });
    // The host is sent to the servers, and ports have not all the same length.
    const headers = { host: "balancer.test" };
    for (let i = 0; i < 40; i++) await ask(balancer.port, { path: `/data/${i}`, headers });
    await ask(balancer.port, { path: "/nowhere", headers });
    await ask(balancer.port, { method: "POST", path: "/data", body: "x".repeat(1_000), headers });
    await ask(balancer.port, { method: "TRACE", headers });
    await expect.poll(async () => (await scrape(balancer)).lbctl_client_connections, pollTimeout).toBe(0);
    seen.push(await scrape(balancer));
  }
  const [one = {}, two = {}] = seen;
  const steady = (series: Record<string, number>) => Object.entries(series).filter(([name]) => !variable.test(name));
  expect(steady(two)).toEqual(steady(one));
  expect(one).toMatchObject({
    lbctl_workers: 1,
    lbctl_request_duration_seconds_count: 43,
    lbctl_client_connections_accepted_total: 43,
    'lbctl_requests_total{server="",code="405"}': 1,
  });
  expect(two.lbctl_workers).toBe(2);
  expect(one['lbctl_retries_total{server="dead"}']).toBeGreaterThan(0);
  for (const series of seen) {
    const of = (name: string) => series[`${name}{server="server-1"}`] ?? Number.NaN;
    const responses = ["200", "404"].map(
      (code) => series[`lbctl_requests_total{server="server-1",code="${code}"}`] ?? 0,
    );
    expect(of("lbctl_server_connections_made_total") + of("lbctl_server_connections_reused_total")).toBe(
      responses.reduce((sum, count) => sum + count, 0),
    );
    expect(of("lbctl_server_connections")).toBe(of("lbctl_server_connections_made_total"));
  }
});

test("bytes are those on the wire, also of connections that are open", async () => {
  const size = 100_000;
  const port = await startHttp((_, response) => response.end("x".repeat(size)));
  const balancer = await startFor([member("one", port)]);
  const before = await scrape(balancer);
  expect(before).toMatchObject({ lbctl_client_sent_bytes_total: 0, lbctl_client_received_bytes_total: 0 });
  await ask(balancer.port, { method: "POST", body: "y".repeat(size / 2) });
  const after = await scrape(balancer);
  const between = (name: string, least: number) => {
    expect(after[name]).toBeGreaterThan(least);
    expect(after[name]).toBeLessThan(least + 1_000);
  };
  between("lbctl_client_sent_bytes_total", size);
  between("lbctl_client_received_bytes_total", size / 2);
  between('lbctl_server_sent_bytes_total{server="one"}', size / 2);
  between('lbctl_server_received_bytes_total{server="one"}', size);
  expect(await scrape(balancer)).toMatchObject({ 'lbctl_server_connections{server="one"}': 1 });
});

test.each(["ring", "maglev", "jump"])("the share of the key space of %s is what its keys show", async (policy) => {
  const members = [...(await startServers(3)), { ...member("heavy", deadPort()), weight: 2 }];
  const balancer = await startFor(members, { policy: parsePolicy(policy), key: { kind: "uri" } });
  const series = await scrape(balancer, /^lbctl_server_(key_share|weight)/);
  const shares = Object.entries(series).filter(([name]) => name.includes("key_share"));
  expect(shares).toHaveLength(4);
  expect(shares.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(1, 9);
  expect(series['lbctl_server_weight{server="heavy"}']).toBe(2);
  const firsts: string[] = [];
  for (let i = 0; i < 500; i++)
    firsts.push(json(await control(balancer, "GET", `/v1/placement?key=k${i}`)).candidates[0]);
  for (const [name, share] of shares) {
    const server = /"(.*)"/.exec(name)?.[1];
    // Five standard deviations of 500 draws.
    const seen = firsts.filter((first) => first === server).length / 500;
    expect(Math.abs(seen - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / 500) + 0.02);
  }
});

test("measuring takes no turn, and who has no keys has no shares", async () => {
  const members = await startServers(2);
  const balancer = await startFor(members, { policy: parsePolicy("round-robin") });
  const first = servedBy(await ask(balancer.port));
  expect(await scrape(balancer, /^lbctl_server_key/)).toEqual({});
  expect(servedBy(await ask(balancer.port))).not.toBe(first);
  expect(json(await control(balancer, "GET", "/v1/servers")).servers[0]).toMatchObject({ keyShare: null });
});

test("ejections, refused retries and connections show, and events tell of an ejection", async () => {
  const rude = await startHttp((request) => void request.socket.destroy());
  const members = await startServers(1);
  const balancer = await startFor([...members, member("rude", rude)], { key: { kind: "uri" }, ejectionMs: 1_000 });
  const events = await readEvents(balancer);
  for (let i = 0; i < 40; i++) await ask(balancer.port, { path: `/data/${i}` });
  expect(await events.next("ejected")).toMatchObject({ server: "rude", forMs: 1_000 });
  expect(await events.next("unejected")).toMatchObject({ server: "rude" });
  const series = await scrape(balancer);
  expect(series).toMatchObject({
    'lbctl_server_ejections_total{server="rude"}': 1,
    'lbctl_servers{state="draining"}': 0,
    'lbctl_retries_refused_total{server="rude"}': 0,
    'lbctl_retry_overflow_total{server="rude"}': 0,
  });
  const { servers, panic, workers, connections } = json(await control(balancer, "GET", "/v1/servers"));
  expect({ panic, workers }).toEqual({ panic: false, workers: 1 });
  expect(connections.accepted).toBe(40);
  const shown = servers.find(({ name }: { name: string }) => name === "rude");
  expect(shown).toMatchObject({ ejections: 1, connections: { open: 0 } });
  expect(shown.connections.made).toBeGreaterThan(0);
});

test("names keep Prometheus' rules: one type each, counters in _total, help for all", async () => {
  const balancer = await startFor(await startServers(1), { version: "1.2.3" });
  const text = (await control(balancer, "GET", "/metrics")).body.toString();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type]) => ({ name, type }));
  expect(new Set(types.map(({ name }) => name)).size).toBe(types.length);
  for (const { name, type } of types) expect(type === "counter").toBe(name.endsWith("_total"));
  expect([...text.matchAll(/^# HELP (\S+) \S/gm)]).toHaveLength(types.length);
  expect(text).toContain(`lbctl_build_info{version="1.2.3",node="${process.version}"} 1`);
  expect(text).toMatch(/^lbctl_policy_info\{policy="ring[^"]*",hash="[^"]+",key="client-ip"\} 1$/m);
});
