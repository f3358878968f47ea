/** Servers that respond before a request's body is whole: behaviour 53. */
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { closeOf, member, signal, startFor, startRaw } from "../harness.ts";
import { bodyOf, get, nextResponse, ok, open, send, shown, statusesOf } from "./raw.ts";

const size = 2_000_000;
const body = "~".repeat(size);

/** One body, framed in each way. */
const framings = {
  "a length": { field: `Content-Length: ${size}`, framed: body },
  chunks: { field: "Transfer-Encoding: chunked", framed: `${size.toString(16)}\r\n${body}\r\n0\r\n\r\n` },
} as const;

const head = (field: string): string => `POST /upload HTTP/1.1\r\nHost: x\r\n${field}\r\n\r\n`;

/** A server that responds to an upload as its head comes and reads on; `upload` resolves to what becomes of it. */
async function startEarly(response: string) {
  const upload = signal<"whole" | "cut">();
  const port = await startRaw((socket) => {
    let bytes = 0;
    socket.setEncoding("latin1").on("data", (chunk) => {
      const text = String(chunk);
      if (text.startsWith("POST ")) socket.write(response);
      else if (text.includes("GET /next ")) socket.write(ok("next"));
      bytes += text.split("~").length - 1;
      if (bytes === size) upload.resolve("whole");
    });
    socket.on("close", () => upload.resolve("cut"));
  });
  return { balancer: await startFor([member("a", port)]), upload: upload.promise };
}

describe.each(["a length", "chunks"] as const)("53: an upload with %s", (framing) => {
  const { field, framed } = framings[framing];

  test.each([202, 200])(
    "whose server responds %i at once and reads on goes on, or its client is told",
    async (status) => {
      const { balancer, upload } = await startEarly(`HTTP/1.1 ${status} Early\r\nContent-Length: 0\r\n\r\n`);
      const client = open(balancer);
      const response = await send(client, head(field) + framed.slice(0, 10));
      expect(statusesOf(response)).toEqual([status]);
      client.write(framed.slice(10));
      if (/\r\nconnection: close\r\n/i.test(response)) await closeOf(client);
      else {
        expect(await upload).toBe("whole");
        expect(bodyOf(await send(client, get("/next")))).toBe("next");
      }
      expect(await shown(balancer)).toMatchObject({ failures: 0 });
    },
  );

  test.each([401, 413])(
    "whose server refuses it with %i and reads on has the refusal, and no other follows",
    async (status) => {
      const { balancer } = await startEarly(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`);
      const client = open(balancer);
      const response = await send(client, head(field) + framed.slice(0, 10));
      expect([statusesOf(response), bodyOf(response)]).toEqual([[status], "no"]);
      client.write(framed.slice(10));
      const rest = await send(client, get("/next"));
      // Either the connection goes on, or the client was told that it does not.
      if (rest === "") expect(response).toMatch(/\r\nconnection: close\r\n/i);
      else expect(bodyOf(rest)).toBe("next");
    },
  );

  test.each(["Connection: close\r\n", ""])(
    "whose server refuses it (%j) and resets, while more of it comes, has the refusal",
    async (more) => {
      const refusal = `HTTP/1.1 413 Too Large\r\n${more}Content-Length: 3\r\n\r\nbig`;
      let arrived = signal<Socket>();
      const port = await startRaw((socket) => socket.once("data", () => arrived.resolve(socket)));
      const balancer = await startFor([member("a", port)]);
      for (let count = 0; count < 10; count += 1) {
        arrived = signal<Socket>();
        const client = open(balancer);
        const response = nextResponse(client);
        client.write(head(field) + framed.slice(0, 10));
        const server = await arrived.promise;
        // The balancer reads the client first: its write to the server fails before it has seen the response.
        client.write(framed.slice(10, 60_000));
        server.write(refusal);
        server.resetAndDestroy();
        expect([statusesOf(await response), bodyOf(await response)]).toEqual([[413], "big"]);
        client.destroy();
      }
      expect(await shown(balancer)).toMatchObject({ failures: 0, inFlight: 0 });
    },
  );
});

test("53: a server that resets in the middle of an upload and has sent nothing is a 502", async () => {
  const port = await startRaw((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const balancer = await startFor([member("a", port)]);
  const client = open(balancer);
  const response = nextResponse(client);
  client.write(head(framings["a length"].field) + body);
  expect(statusesOf(await response)).toEqual([502]);
});

test("53: a response that breaks off as its upload is refused is no whole one", async () => {
  const arrived = signal<Socket>();
  const port = await startRaw((socket) => socket.once("data", () => arrived.resolve(socket)));
  const client = open(await startFor([member("a", port)]));
  const response = nextResponse(client);
  client.write(`${head(framings["a length"].field)}~`);
  const server = await arrived.promise;
  client.write(body.slice(1, 60_000));
  server.write("HTTP/1.1 413 Too Large\r\nContent-Length: 30\r\n\r\nbig");
  server.resetAndDestroy();
  const text = await response;
  // Its client is cut, or told that the server failed.
  expect(text === "" || /^HTTP\/1\.1 (502|413) /.test(text)).toBe(true);
  expect(text).not.toMatch(/^HTTP\/1\.1 413 .*\r\n\r\n.{30}$/s);
});
