import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  ask,
  type Balancer,
  closeOf,
  control,
  exchange,
  json,
  member,
  pollTimeout,
  putServers,
  signal,
  startFor,
  startHttp,
  startRaw,
} from "./harness.ts";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Opens a connection that is closed when the test ends. */
function open(port: number, bytes: string): Socket {
  const socket = connect({ host: "127.0.0.1", port }, () => socket.write(bytes));
  socket.on("error", () => {}).setEncoding("latin1");
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** What a balancer has read from its clients. */
async function receivedBytes(balancer: Balancer): Promise<number> {
  const metrics = (await control(balancer, "GET", "/metrics")).body.toString();
  return Number(/^lbctl_client_received_bytes_total (\d+)$/m.exec(metrics)?.[1]);
}

/** A balancer in front of a server that answers nothing; `arrived` resolves with its first request. */
async function startBeforeMute() {
  const arrived = signal();
  const seen: Socket[] = [];
  const port = await startRaw((socket) => {
    seen.push(socket);
    socket.once("data", () => arrived.resolve());
  });
  return { balancer: await startFor([member("mute", port)]), arrived: arrived.promise, seen };
}

describe("pipelined requests", () => {
  test("are answered in order, one at a time", async () => {
    let under = 0;
    let most = 0;
    const port = await startHttp((request, response) => {
      under += 1;
      most = Math.max(most, under);
      setImmediate(() => {
        under -= 1;
        response.end(`<${request.url}>`);
      });
    });
    const { port: front } = await startFor([member("a", port)]);
    const last = "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const text = await exchange(front, get("/a") + get("/b") + last);
    expect([text.match(/<.*?>/g), most]).toEqual([["</a>", "</b>", "</c>"], 1]);
  });

  test("are all cancelled when their client leaves", async () => {
    const { balancer, arrived, seen } = await startBeforeMute();
    const socket = open(balancer.port, get("/a") + get("/b") + get("/c"));
    await arrived;
    socket.resetAndDestroy();
    const inFlight = async () => json(await control(balancer, "GET", "/v1/servers")).servers[0].inFlight;
    await expect.poll(inFlight, pollTimeout).toBe(0);
    expect(json(await putServers(balancer, []))).toMatchObject({ drained: true });
    await Promise.all(seen.map(closeOf));
  }, 10_000);

  test("without end are not read before they are answered", async () => {
    const { balancer } = await startBeforeMute();
    const socket = open(balancer.port, get("/a"));
    // More than the kernels of both ends hold.
    let isTaken = false;
    socket.write(get("/a").repeat(1_000_000), () => {
      isTaken = true;
    });
    for (let count = 0; count < 50; count += 1) await ask(balancer.port, { path: "/health" });
    expect(isTaken).toBe(false);
    expect(await receivedBytes(balancer)).toBeLessThan(1_000_000);
  }, 10_000);
});

test("half a head is waited for only so long, on either port", async () => {
  const balancer = await startFor([], { headTimeoutMs: 500 });
  const texts = [balancer.port, balancer.controlPort].map((port) => exchange(port, "GET / HT"));
  for (const text of await Promise.all(texts)) expect(text).toMatch(/^HTTP\/1.1 408 /);
}, 10_000);

describe("an answer that stands still", () => {
  test("because its client does not read ends, and leaves the server free", async () => {
    const left = signal();
    const port = await startHttp((_request, response) => {
      response.on("close", left.resolve).on("error", () => {});
      const fill = (): void => {
        while (response.writable && response.write(Buffer.alloc(65_536)));
        response.once("drain", fill);
      };
      fill();
    });
    const balancer = await startFor([member("endless", port)], { stallTimeoutMs: 1000 });
    const socket = open(balancer.port, get("/a"));
    socket.pause();
    await left.promise;
    const [server] = json(await control(balancer, "GET", "/v1/servers")).servers;
    expect(server).toMatchObject({ failures: 0 });
  }, 10_000);

  test("because its server sends no more is cut", async () => {
    const port = await startHttp((_request, response) => void response.write("begin"));
    const balancer = await startFor([member("stuck", port)], { stallTimeoutMs: 100 });
    await expect(ask(balancer.port)).rejects.toThrow();
    const [server] = json(await control(balancer, "GET", "/v1/servers")).servers;
    expect(server).toMatchObject({ failures: 1, inFlight: 0, lastError: "TIMEOUT" });
  }, 10_000);

  test("is told from one that has not begun", async () => {
    const arrived = signal();
    const release = signal();
    const port = await startHttp(async (_request, response) => {
      arrived.resolve();
      await release.promise;
      response.end("late");
    });
    const balancer = await startFor([member("slow", port)], { stallTimeoutMs: 20, idleTimeoutMs: 20 });
    const late = ask(balancer.port);
    await arrived.promise;
    // An idle connection of the same age is closed meanwhile.
    await closeOf(open(balancer.port, "").resume());
    release.resolve();
    expect((await late).body.toString()).toBe("late");
  });
});
