import { once } from "node:events";
import { createServer, type RequestListener, request as send } from "node:http";
import { connect, createServer as createNetServer } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../../cluster/listen.ts";
import { corpus, mutate, random } from "./corpus.ts";
import { bytesOf, type Message, read } from "./reading.ts";

/** Starts a server with Node's own parser (llhttp, strict). `seen` holds each request as that parser read it. */
async function startNode() {
  const seen: string[] = [];
  const record: RequestListener = async (request, response) => {
    const at = seen.push("") - 1;
    const { method, url, rawHeaders } = request;
    const body = await text(request.setEncoding("latin1")).catch(() => null);
    seen[at] = JSON.stringify([method, url, rawHeaders, body]);
    response.end();
  };
  const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 }, record);
  server.on("checkExpectation", record);
  server.on("clientError", (_error, socket) => socket.destroy());
  server.on("upgrade", (_request, socket) => socket.destroy());
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: await listen(server, { host: "127.0.0.1", port: 0 }), seen };
}

const shape = ({ first, fields, body }: Message): string => {
  const [method, target] = first.split(" ");
  return JSON.stringify([method, target, fields, body]);
};

test("Node's parser reads the same from every valid request, or finds it invalid", async () => {
  const { port, seen } = await startNode();
  const next = random(7);
  let agreed = 0;
  for (let count = 0; count < 3_000; count += 1) {
    const bytes = mutate(corpus.request, next);
    const { messages } = read("request", bytesOf(bytes));
    // Node stops behind an upgrade and behind the last request of a connection, so that only the first can be compared.
    const [first] = messages;
    if (first === undefined) continue;
    seen.length = 0;
    const socket = connect({ host: "127.0.0.1", port }, () => socket.end(bytes, "latin1"));
    socket.on("error", () => {}).resume();
    await once(socket, "close");
    const [theirs] = seen;
    if (theirs === undefined || theirs.endsWith(",null]")) continue;
    expect(theirs).toBe(shape(first));
    agreed += 1;
  }
  expect(agreed).toBeGreaterThan(300);
});

test("Node's parser reads the same from every valid response, or finds it invalid", async () => {
  let bytes = "";
  const server = createNetServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.end(bytes, "latin1"));
  });
  onTestFinished(() => void server.close());
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  const theirs = (): Promise<string | null> =>
    new Promise((resolve) => {
      const sent = send({ host: "127.0.0.1", port, agent: false }, async (response) => {
        const body = await text(response.setEncoding("latin1")).catch(() => null);
        resolve(body === null ? null : JSON.stringify([response.statusCode, response.rawHeaders, body]));
      });
      sent
        .on("error", () => resolve(null))
        .on("upgrade", (_response, socket) => {
          socket.destroy();
          resolve(null);
        });
      sent.end();
    });
  const next = random(8);
  let agreed = 0;
  for (let count = 0; count < 3_000; count += 1) {
    bytes = mutate(corpus.response, next);
    const { messages } = read("response", bytesOf(bytes));
    const final = messages.find(({ first }) => !first.startsWith("1"));
    if (final === undefined) continue;
    const got = await theirs();
    if (got === null) continue;
    expect(got).toBe(JSON.stringify([Number(final.first.split(" ")[0]), final.fields, final.body]));
    agreed += 1;
  }
  expect(agreed).toBeGreaterThan(300);
});
