/** Messages that break off: at every byte of them, by an end and by a reset. */
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { ask, closeOf, control, json, member, pollTimeout, startFor, startHttp, startRaw } from "./harness.ts";

const ways = ["end", "reset"] as const;
type Way = (typeof ways)[number];

/** Sends the beginning of a message and breaks off. */
function breakOff(socket: Socket, bytes: string, way: Way): void {
  socket.write(bytes, "latin1", () => (way === "end" ? socket.end() : socket.resetAndDestroy()));
}

const places = (message: string, from = 0): number[] =>
  Array.from({ length: message.length - from }, (_, index) => from + index);

const length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole";
const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nwhole\r\n0\r\nX-Sum: 1\r\n\r\n";
const close = "HTTP/1.0 200 OK\r\nX: y\r\n\r\nwhole";

test.each([
  ["a length", length, ways],
  ["chunks", chunks, ways],
  // By an end it would be whole from its head on.
  ["its connection", close, ["reset"] as const],
])("25, 47: an answer that ends by %s is never whole when it breaks off", async (_framing, response, byWays) => {
  const port = await startRaw((socket) =>
    socket.setEncoding("latin1").on("data", (head) => {
      const [, at = "", way = ""] = /^POST \/(\d+)\/(\w+) /.exec(String(head)) ?? [];
      breakOff(socket, response.slice(0, Number(at)), way as Way);
    }),
  );
  const balancer = await startFor([member("a", port)], { ejectAfter: 0 });
  const statusOf = (path: string): Promise<number | "cut"> =>
    ask(balancer.port, { method: "POST", path }).then(
      ({ status }) => status,
      () => "cut",
    );
  for (const way of byWays) {
    const statuses = await Promise.all(places(response).map((at) => statusOf(`/${at}/${way}`)));
    const inHead = response.indexOf("\r\n\r\n") + 4;
    expect(new Set(statuses.slice(0, inHead))).toEqual(new Set([502]));
    expect(statuses.slice(inHead).filter((status) => status !== "cut" && status !== 502)).toEqual([]);
  }
});

test.each([
  ["a length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nwhole"],
  ["chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\nX-Sum: 1\r\n\r\n"],
])("38, 47: a request that ends by %s reaches no server as a whole when it breaks off", async (_framing, request) => {
  let whole = 0;
  const port = await startHttp((incoming, response) => {
    incoming.on("error", () => {}).resume();
    incoming.on("end", () => {
      whole += 1;
      response.end();
    });
  });
  const balancer = await startFor([member("a", port)]);
  const send = async (bytes: string, way: Way): Promise<void> => {
    const socket = connect({ host: "127.0.0.1", port: balancer.port });
    socket.on("error", () => {}).resume();
    breakOff(socket, bytes, way);
    await closeOf(socket);
  };
  for (const way of ways) await Promise.all(places(request, 1).map((at) => send(request.slice(0, at), way)));
  const shown = async () => json(await control(balancer, "GET", "/v1/servers"));
  await expect.poll(async () => (await shown()).servers[0].inFlight, pollTimeout).toBe(0);
  expect([whole, (await shown()).servers[0].failures]).toEqual([0, 0]);
});
