/** Clients behind a proxy that speaks the PROXY protocol: behaviours 16, 35, 37 and 43 for them. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { type BalancerConfig, withDefaults } from "../../cluster/balancer/config/config.ts";
import { startBalancer } from "../../cluster/balancer/start.ts";
import { anywhere, control, exchange, json, member, startFor, startHttp, startServers } from "./harness.ts";

const get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const from = (address: string): string => `PROXY TCP4 ${address} 192.0.2.1 1000 80\r\n`;
const from6 = Buffer.concat([
  Buffer.from("\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x24", "latin1"),
  Buffer.from("20010db8000000000000000000000007", "hex"),
  Buffer.alloc(20),
]).toString("latin1");
const local = "\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";

/** A balancer that is told who its clients are, before a server that answers with what it was told of them. */
async function start(more: Partial<BalancerConfig> = {}) {
  const port = await startHttp(({ headers }, response) => void response.end(`for ${headers["x-forwarded-for"]}.`));
  return startFor([member("a", port)], { proxyProtocol: true, trust: ["127.0.0.0/8"], ...more });
}

function open(port: number, bytes: string): Socket {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  socket.on("error", () => {}).write(bytes, "latin1");
  onTestFinished(() => void socket.destroy());
  return socket;
}

describe("16: the client is", () => {
  test.each([
    ["whom version 1 names", `${from("198.51.100.7")}${get}`, "198.51.100.7"],
    ["whom version 2 names", `${from6}${get}`, "2001:db8::7"],
    ["plain IPv4 where that came mapped", `PROXY TCP6 ::ffff:198.51.100.7 ::1 1 2\r\n${get}`, "198.51.100.7"],
    ["the proxy itself where it says LOCAL", `${local}${get}`, "127.0.0.1"],
    ["the proxy itself where it says UNKNOWN", `PROXY UNKNOWN\r\n${get}`, "127.0.0.1"],
    [
      "not whom it says that it speaks for",
      from("198.51.100.7") + get.replace("Host", "X-Forwarded-For: 1.1.1.1\r\nHost"),
      "198.51.100.7",
    ],
    [
      "whom it says that it speaks for where it is trusted too",
      from("127.9.9.9") + get.replace("Host", "X-Forwarded-For: 1.1.1.1\r\nHost"),
      "1.1.1.1, 127.9.9.9",
    ],
  ])("%s", async (_, bytes, address) => {
    const { port } = await start();
    expect(await exchange(port, bytes)).toContain(`for ${address}.`);
  });

  test("the same for every request of the connection", async () => {
    const { port } = await start();
    const twice = get.replace("Connection: close\r\n", "") + get;
    expect((await exchange(port, from("198.51.100.7") + twice)).match(/for 198.51.100.7\./g)).toHaveLength(2);
  });

  test("whom keys go by", async () => {
    const servers = await startServers(3);
    const balancer = await startFor(servers, { proxyProtocol: true, trust: ["127.0.0.1"] });
    for (let host = 1; host <= 20; host += 1) {
      const response = await exchange(balancer.port, `${from(`198.51.100.${host}`)}${get}`);
      const placed = json(await control(balancer, "GET", `/v1/placement?key=198.51.100.${host}`));
      expect(/x-served-by: (.*)\r/i.exec(response)?.[1]).toBe(placed.candidates[0]);
    }
  });

  test("known byte by byte, too", async () => {
    const { port } = await start();
    const socket = open(port, "");
    const response = text(socket);
    for (const byte of `${from6}${get}`) {
      socket.write(byte, "latin1");
      await setImmediate();
    }
    expect(await response).toContain("for 2001:db8::7.");
  });
});

test("43: a peer that is not trusted is taken for itself, whatever it says", async () => {
  const { port } = await start({ trust: ["192.0.2.1"] });
  expect(await exchange(port, `${from("198.51.100.7")}${get}`)).toContain("for 127.0.0.1.");
});

describe("35: without a header", () => {
  test.each([get, "PROXY TCP4 1.2.3.4\r\n", `\r\n${get}`, `${from("1.2.3.256")}${get}`])(
    "%j gets no answer",
    async (bytes) => {
      const { port } = await start();
      expect(await exchange(port, bytes).catch(() => "")).toBe("");
    },
  );

  test.each(["", "PROXY TCP4 ", local.slice(0, 13)])("for as long as a head may take, %j is cut", async (bytes) => {
    const { port } = await start({ headTimeoutMs: 100 });
    expect(await text(open(port, bytes))).toBe("");
  });
});

test("37: connections are counted by whom it names", async () => {
  const { port } = await start({ maxClientConnections: 1 });
  const kept = get.replace("Connection: close\r\n", "");
  const first = open(port, from("198.51.100.7") + kept);
  await once(first, "data");
  expect(await exchange(port, from("198.51.100.7") + kept)).toMatch(/^HTTP\/1.1 503 .*"too-many-connections"/s);
  expect(await exchange(port, from("198.51.100.7") + kept)).toMatch(/^HTTP\/1.1 503 /);
  expect(await exchange(port, from("198.51.100.8") + get)).toMatch(/^HTTP\/1.1 200 /);
  first.destroy();
  await expect.poll(() => exchange(port, from("198.51.100.7") + get), { timeout: 30_000 }).toMatch(/^HTTP\/1.1 200 /);
});

test("it needs somebody who is believed", async () => {
  const config = withDefaults({ listen: anywhere, proxyProtocol: true });
  await expect(startBalancer(config)).rejects.toThrow(/--trust/);
});
