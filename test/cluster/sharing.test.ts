/** Requests that share a connection to their server: each is answered as if it were alone. */
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { ask, type Balancer, control, json, member, type Reply, startFor, startHttp, startRaw } from "./harness.ts";

const paths = Array.from({ length: 40 }, (_, index) => `/${index}`);

/** All at once, so that many come in one turn of the balancer's loop. */
const askAll = ({ port }: Balancer, method = "GET"): Promise<Reply[]> =>
  Promise.all(paths.map((path) => ask(port, { path, method })));

const shown = async (balancer: Balancer) => json(await control(balancer, "GET", "/v1/servers")).servers[0];

/** A raw server that answers each request with its path, by `answer`, which is told how many the connection has had. */
const startEach = (answer: (socket: Socket, path: string, served: number) => void): Promise<number> =>
  startRaw((socket) => {
    let served = 0;
    let rest = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      const heads = (rest + chunk).split("\r\n\r\n");
      rest = heads.pop() ?? "";
      for (const head of heads) {
        served += 1;
        answer(socket, head.split(" ")[1] ?? "", served);
      }
    });
  });

const ok = (path: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\n${more}Content-Length: ${path.length}\r\n\r\n${path}`;

describe("requests of one moment", () => {
  test("each get their own answer, whatever connection they share", async () => {
    let most = 0;
    const port = await startEach((socket, path, served) => {
      most = Math.max(most, served);
      socket.write(ok(path));
    });
    const balancer = await startFor([member("a", port)]);
    for (let round = 0; round < 5; round += 1)
      expect((await askAll(balancer)).map(({ body }) => body.toString())).toEqual(paths);
    expect(most).toBeGreaterThan(1);
    expect(await shown(balancer)).toMatchObject({ requests: 200, failures: 0, inFlight: 0 });
  });

  test("lose nothing when the server ends its connections after a few answers", async () => {
    const port = await startEach((socket, path, served) => {
      if (served === 3) socket.end(ok(path, "Connection: close\r\n"));
      else if (served < 3) socket.write(ok(path));
    });
    const balancer = await startFor([member("a", port)]);
    for (let round = 0; round < 5; round += 1)
      expect((await askAll(balancer)).map(({ body }) => body.toString())).toEqual(paths);
    expect(await shown(balancer)).toMatchObject({ failures: 0, retries: 0, inFlight: 0 });
  });

  test("do not wait for a slow one among them", async () => {
    const waiting: (() => void)[] = [];
    const seen = new Set<string>();
    const port = await startHttp(({ url = "" }, response) => {
      // The first of each ten is only answered when all of the others are.
      if (!url.endsWith("0") || seen.size === 0) response.end(url);
      else waiting.push(() => response.end(url));
    });
    const balancer = await startFor([member("a", port)]);
    await askAll(balancer);
    seen.add("warm");
    const answers = paths.map(async (path) => {
      const { body } = await ask(balancer.port, { path });
      return body.toString();
    });
    await Promise.all(answers.filter((_, index) => index % 10 !== 0));
    // Some may have been asked for twice: each of their answers is let go.
    for (const answer of waiting) answer();
    expect((await Promise.all(answers)).sort()).toEqual([...paths].sort());
  });

  test("share nothing where that is turned off", async () => {
    let outstanding = 0;
    let most = 0;
    const port = await startEach((socket, path) => {
      // Answered a turn later: a second request on the connection would come before that.
      const mine = ++outstanding;
      most = Math.max(most, mine);
      setImmediate(() => {
        outstanding -= 1;
        socket.write(ok(path));
      });
    });
    const balancer = await startFor([member("a", port)], { maxShared: 1, maxServerConnections: 1 });
    for (let round = 0; round < 3; round += 1)
      expect((await askAll(balancer)).map(({ body }) => body.toString())).toEqual(paths);
    expect(most).toBe(1);
  });

  test("that may not be made twice share nothing", async () => {
    let most = 0;
    const port = await startRaw((socket) =>
      socket.setEncoding("latin1").on("data", (chunk) => {
        most = Math.max(most, String(chunk).split("POST ").length - 1);
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      }),
    );
    const balancer = await startFor([member("a", port)]);
    for (let round = 0; round < 5; round += 1) await askAll(balancer, "POST");
    expect(most).toBe(1);
  });

  test("whose client leaves cost the others nothing", async () => {
    const port = await startEach((socket, path) => setImmediate(() => socket.write(ok(path))));
    const balancer = await startFor([member("a", port)]);
    for (let round = 0; round < 10; round += 1) {
      const leaver = connect({ host: "127.0.0.1", port: balancer.port });
      leaver.on("error", () => {}).write("GET /gone HTTP/1.1\r\nHost: x\r\n\r\n");
      const all = askAll(balancer);
      leaver.resetAndDestroy();
      expect((await all).map(({ body }) => body.toString())).toEqual(paths);
    }
    expect(await shown(balancer)).toMatchObject({ failures: 0, inFlight: 0 });
  });
});
