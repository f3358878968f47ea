import { request } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ScaleRequests } from "../../cluster/balancer/admin/scale-requests.ts";
import { EventStreams } from "../../cluster/balancer/admin/streams.ts";
import { Events } from "../../cluster/balancer/telemetry/events.ts";
import { signal, startHttp } from "./harness.ts";

test("a reader that does not read is cut off, and the others are not", async () => {
  const events = new Events();
  const streams = new EventStreams(events);
  const opened = signal();
  const ended = signal();
  const port = await startHttp((_request, response) => {
    streams.open(response, false, ended.resolve);
    opened.resolve();
  });
  const socket = connect({ host: "127.0.0.1", port }, () => socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  socket.on("error", () => {});
  await opened.promise;
  const server = "x".repeat(1000);
  for (let count = 0; count < 50_000; count += 1) events.emit({ type: "up", server });
  await ended.promise;
  socket.destroy();
});

test("a supervisor that does not answer is waited for only so long", async () => {
  const streams = new EventStreams(new Events());
  const opened = signal();
  const port = await startHttp((_request, response) => {
    streams.open(response, true, () => {});
    opened.resolve();
  });
  const reader = request({ host: "127.0.0.1", port, agent: false }, (answer) => answer.on("error", () => {}).resume());
  onTestFinished(() => void reader.on("error", () => {}).destroy());
  reader.end();
  await opened.promise;
  const outcome = await new ScaleRequests(streams, 10).send({ action: "add", n: 1, hostnames: [] });
  expect(outcome).toMatchObject({ status: 504 });
});
