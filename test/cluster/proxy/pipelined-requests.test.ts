/** Bytes behind a valid request: it is answered, and what is behind it is refused on its own. Behaviour 52. */
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { ask, exchange, member, startFor } from "../harness.ts";
import { get, ok, open, post, send, startEach, statusesOf } from "./raw.ts";

const refused = {
  "an empty line too many": "\r\n\r\n",
  "a line feed": "\n",
  "a head that is too large": get("/large", `X: ${"y".repeat(70_000)}\r\n`),
  "a target that is too long": get(`/${"x".repeat(9_000)}`),
  "too many fields": get("/fields", "X: y\r\n".repeat(101)),
  CONNECT: "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n",
  "an HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "a TLS hello": "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
  "no host": "GET /nohost HTTP/1.1\r\n\r\n",
  "two framings": "POST /both HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "an unknown coding": "POST /coded HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
} as const;

/** A server that records paths, and responds to those under /held only when it is told to. */
async function startHeld() {
  const seen: string[] = [];
  const held: (() => void)[] = [];
  let onHeld = (): void => {};
  const port = await startEach((socket: Socket, { path }) => {
    seen.push(path);
    if (!path.startsWith("/held")) return void socket.write(ok(path));
    held.push(() => socket.write(ok(path)));
    onHeld();
  });
  const balancer = await startFor([member("a", port)]);
  const arrived = new Promise<void>((resolve) => {
    onHeld = resolve;
  });
  /** Lets the response go when the balancer has long read all that its client sent. */
  const release = async (): Promise<void> => {
    await arrived;
    for (let turn = 0; turn < 3; turn += 1) await ask(balancer.port, { path: "/health" });
    for (const respond of held.splice(0)) respond();
  };
  /** Sends bytes of which the first request is held for a while; resolves to all that comes back until the close. */
  const exchangeHeld = (bytes: string): Promise<string> => {
    // Where the client was cut instead, the test is over before there is anything to release.
    release().catch(() => {});
    return exchange(balancer.port, bytes);
  };
  return { balancer, seen, release, exchangeHeld };
}

describe.each([
  ["GET", get("/held")],
  ["POST", post("/held", "body")],
])("52: a valid %s", (_method, valid) => {
  test.each(Object.entries(refused))(
    "is answered with %s behind it, which is refused as it is alone",
    async (_, rest) => {
      const { balancer, seen, exchangeHeld } = await startHeld();
      const alone = statusesOf(await exchange(balancer.port, rest.startsWith("\n") ? "\n\r\n" : `${rest}\r\n\r\n`));
      expect(alone).toHaveLength(1);
      const text = await exchangeHeld(valid + rest);
      expect(statusesOf(text)).toEqual([200, ...alone]);
      expect(text).toContain("\r\n\r\n/held");
      expect(text.lastIndexOf("\r\nConnection: close\r\n")).toBeGreaterThan(text.indexOf("/held"));
      expect(seen).toEqual(["/held"]);
    },
  );

  test("is answered, and the valid ones behind it, before what is refused behind them", async () => {
    const { seen, exchangeHeld } = await startHeld();
    const behind = `${get("/second")}${get("/third")}\0\r\n\r\n${get("/smuggled")}`;
    const text = await exchangeHeld(valid + behind);
    expect(statusesOf(text)).toEqual([200, 200, 200, 400]);
    expect(seen).toEqual(["/held", "/second", "/third"]);
  });

  test("is answered when what is to be refused comes later, while it waits", async () => {
    const { balancer, release } = await startHeld();
    const client = open(balancer);
    let text = "";
    client.on("data", (chunk) => {
      text += chunk;
    });
    const closed = new Promise((resolve) => client.once("close", resolve));
    client.write(valid);
    await ask(balancer.port, { path: "/health" });
    client.write("\0\r\n\r\n");
    release().catch(() => {});
    await closed;
    expect(statusesOf(text)).toEqual([200, 400]);
  });

  test("is answered to a client that has shut its sending side behind it and what is refused", async () => {
    const { balancer, release } = await startHeld();
    const client = open(balancer);
    let text = "";
    client.on("data", (chunk) => {
      text += chunk;
    });
    const closed = new Promise((resolve) => client.once("close", resolve));
    client.end(`${valid}\0\r\n\r\n`, "latin1");
    release().catch(() => {});
    await closed;
    expect(statusesOf(text)).toEqual([200, 400]);
  });
});

test("52: a body behind a valid request that turns out badly framed ends nothing but itself", async () => {
  const { seen, exchangeHeld } = await startHeld();
  const bad = "POST /bad HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
  const text = await exchangeHeld(get("/held") + bad);
  expect(statusesOf(text)).toEqual([200, 400]);
  expect(seen[0]).toBe("/held");
});

test("52: one empty line behind a valid request is skipped, and the connection lasts", async () => {
  const { balancer } = await startHeld();
  const client = open(balancer);
  for (const path of ["/one", "/two", "/three"])
    expect(statusesOf(await send(client, `${post(path, "body")}\r\n`))).toEqual([200]);
});
