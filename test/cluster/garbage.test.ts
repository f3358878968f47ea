import { connect } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ask, member, startFor, startRaw, startServers } from "./harness.ts";

/** A sound message of which some bytes are replaced, or put in, by others that mean something to HTTP. */
const spoiled = (message: string): fc.Arbitrary<string> => {
  const piece = fc.oneof(
    fc.constantFrom(
      "\r",
      "\n",
      "\r\n",
      "\0",
      " ",
      "\t",
      ":",
      "0",
      "-1",
      "99999999999999999999",
      "\xff",
      "chunked",
      "close",
    ),
    fc.string({ unit: "binary", maxLength: 3 }),
  );
  const change = fc.tuple(fc.nat(message.length), fc.nat(3), piece);
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    return changes.reduce((text, [at, length, put]) => text.slice(0, at) + put + text.slice(at + length), message);
  });
};

/** Sends bytes and an end, and resolves when the connection is closed, however that comes. */
const send = (port: number, bytes: string): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port }, () => socket.end(bytes, "latin1"));
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
  });

const requests = [
  "GET /data?a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
  "POST /data HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n\r\n3\r\nabc\r\n0\r\nt: u\r\n\r\n",
  "PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nUpgrade: h2c\r\n\r\nabc",
];

test("no request, however spoiled, costs anyone else theirs", async () => {
  const { port, controlPort } = await startFor(await startServers(1));
  const bytes = fc.oneof(...requests.map(spoiled));
  await fc.assert(
    fc.asyncProperty(bytes, async (text) => {
      await Promise.all([send(port, text), send(controlPort, text)]);
      expect((await ask(port)).status).toBe(200);
    }),
  );
});

const responses = [
  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTrailer: x\r\nConnection: keep-alive\r\n\r\nabc",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nt: u\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nSet-Cookie: a=b\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
];

test("no answer, however spoiled, costs more than itself", async () => {
  let response = "";
  const bad = await startRaw((socket) => socket.on("data", () => socket.end(response, "latin1")));
  const { port } = await startFor([member("bad", bad)]);
  await fc.assert(
    fc.asyncProperty(fc.oneof(...responses.map(spoiled)), async (text) => {
      response = text;
      // An answer or a cut connection: what matters is that one of them comes.
      await ask(port, { method: "POST", body: "x" }).catch(() => {});
      expect((await ask(port, { path: "/health" })).status).toBe(200);
    }),
  );
});
