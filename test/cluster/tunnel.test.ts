/** Connections that change their protocol: behaviour 19. */
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../../cluster/listen.ts";
import {
  anywhere,
  ask,
  type Balancer,
  closeOf,
  control,
  exchange,
  json,
  member,
  pollTimeout,
  signal,
  startFor,
  startRaw,
} from "./harness.ts";

const upgrade = (protocol: string, connection = "Upgrade"): string =>
  `GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: ${protocol}\r\nConnection: ${connection}\r\n\r\n`;

/** A balancer in front of Node's server, which agrees to any upgrade and sends back what it gets, in capitals. */
async function startEcho(): Promise<Balancer> {
  const server = createServer((request, response) => response.end(`plain ${request.headers.upgrade}`));
  const sockets: Socket[] = [];
  server.on("upgrade", (request, socket: Socket, head) => {
    sockets.push(socket);
    const agreed = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`;
    socket.write(`${agreed}${String(head).toUpperCase()}`);
    socket.on("data", (chunk) => socket.write(String(chunk).toUpperCase()));
    socket.on("end", () => socket.end("BYE")).on("error", () => {});
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return startFor([member("a", await listen(server, anywhere))]);
}

/** Collects what comes until `end` is among it. */
async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = "";
  while (!text.includes(end)) text += String((await once(socket, "data"))[0]);
  return text;
}

const shown = async (balancer: Balancer) => json(await control(balancer, "GET", "/v1/servers")).servers[0];

describe("19: an upgrade that the server agrees to", () => {
  test("is a tunnel both ways from then on, and is counted", async () => {
    const balancer = await startEcho();
    const socket = connect({ host: "127.0.0.1", port: balancer.port });
    socket.write(`${upgrade("websocket")}early `);
    const head = await readUntil(socket, "EARLY ");
    expect(head).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n.*Upgrade: websocket\r\nConnection: upgrade\r\n/s);
    for (const word of ["one", "two"]) {
      socket.write(word);
      expect(await readUntil(socket, word.toUpperCase())).toBe(word.toUpperCase());
    }
    expect(await shown(balancer)).toMatchObject({ inFlight: 1, failures: 0 });
    socket.end();
    expect(await readUntil(socket, "BYE")).toBe("BYE");
    await expect.poll(() => shown(balancer), pollTimeout).toMatchObject({ inFlight: 0, failures: 0 });
  });

  test("passes on all that its server has sent before it left, however slowly that is read", async () => {
    const length = 20_000_000;
    const left = signal();
    const port = await startRaw((server) => {
      server.once("data", () => server.write("HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"));
      server.once("end", () => server.end(Buffer.alloc(length))).once("close", left.resolve);
    });
    const balancer = await startFor([member("a", port)]);
    const client = connect({ host: "127.0.0.1", port: balancer.port, allowHalfOpen: true });
    client.write(upgrade("x"));
    await once(client, "data");
    client.end();
    let came = 0;
    client.on("data", (chunk) => {
      came += chunk.length;
      client.pause();
      setImmediate(() => setImmediate(() => setImmediate(() => client.resume())));
    });
    client.resume();
    await closeOf(client);
    await left.promise;
    expect(came).toBe(length);
  });

  test.each(["client", "server"] as const)("36: holds its %s up while the other side reads nothing", async (from) => {
    const total = 256 * 1024 * 1024;
    let given = 0;
    const flood = (socket: Socket): void => {
      const chunk = Buffer.alloc(65_536);
      const give = (): void => {
        for (; given < total; given += chunk.length) if (!socket.write(chunk)) return;
      };
      socket.on("drain", give);
      give();
    };
    const port = await startRaw((server) =>
      server.once("data", () => {
        server.pause().write("HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
        if (from === "server") flood(server);
      }),
    );
    const balancer = await startFor([member("a", port)], { drainMs: 0 });
    const client = connect({ host: "127.0.0.1", port: balancer.port }, () => client.write(upgrade("x")));
    client.on("error", () => {});
    await once(client, "data");
    client.pause();
    if (from === "client") flood(client);
    for (let before = -1; given !== before; ) {
      before = given;
      for (let turn = 0; turn < 20; turn += 1) await ask(balancer.port, { path: "/health" });
    }
    expect(given).toBeLessThan(total / 2);
    client.destroy();
  });

  test("ends with either side", async () => {
    const balancer = await startEcho();
    const socket = connect({ host: "127.0.0.1", port: balancer.port });
    socket.write(upgrade("websocket"));
    await readUntil(socket, "101");
    socket.resetAndDestroy();
    await expect.poll(() => shown(balancer), pollTimeout).toMatchObject({ inFlight: 0, failures: 0 });
    const port = await startRaw((server) =>
      server.once("data", () => {
        server.write("HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", () => server.destroy());
      }),
    );
    const other = await startFor([member("rude", port)]);
    const cut = connect({ host: "127.0.0.1", port: other.port }, () => cut.write(upgrade("x")));
    await closeOf(cut.on("error", () => {}).resume());
    await expect.poll(() => shown(other), pollTimeout).toMatchObject({ inFlight: 0, failures: 0 });
  });

  test("is cut when the balancer ends, after the time that it is given", async () => {
    const balancer = await startEcho();
    const socket = connect({ host: "127.0.0.1", port: balancer.port }, () => socket.write(upgrade("x")));
    await readUntil(
      socket.on("error", () => {}),
      "101",
    );
    const closed = closeOf(socket);
    await Promise.all([balancer.close(), closed]);
    expect(socket.destroyed).toBe(true);
    await expect(ask(balancer.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("19: an upgrade that is not to be", () => {
  const last = (protocol: string, connection: string): string =>
    upgrade(protocol, connection).replace("Connection: ", "Connection: close, ");

  test.each([
    ["h2c", "Upgrade, HTTP2-Settings"],
    ["websocket, h2c", "Upgrade"],
    ["websocket", "keep-alive"],
  ])("(%s, Connection: %s) is plain HTTP", async (protocol, connection) => {
    expect(await exchange((await startEcho()).port, last(protocol, connection))).toMatch(/plain undefined/);
  });

  test("because HTTP/1.0 knows none is plain HTTP", async () => {
    const request = upgrade("websocket").replace("HTTP/1.1", "HTTP/1.0");
    expect(await exchange((await startEcho()).port, request)).toMatch(/plain undefined/);
  });

  test("because the server answers otherwise leaves the connection as it was", async () => {
    const port = await startRaw((socket) =>
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")),
    );
    const { port: front } = await startFor([member("a", port)]);
    const responses = await exchange(front, `${upgrade("websocket")}${last("x", "upgrade")}`);
    expect(responses.match(/HTTP\/1.1 200/g)).toHaveLength(2);
  });
});
