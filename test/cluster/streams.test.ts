import { request } from "node:http";
import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { ScaleRequests } from "../../cluster/balancer/admin/scale-requests.ts";
import { EventStreams } from "../../cluster/balancer/admin/streams.ts";
import { Events } from "../../cluster/balancer/telemetry/events.ts";
import { signal, startHttp } from "./harness.ts";

test("a reader that does not read is cut off, and the others are not", async () => {
  const events = new Events();
  const streams = new EventStreams(events);
  const opened = [signal(), signal()];
  const ended: string[] = [];
  const idleEnded = signal();
  const port = await startHttp((request, response) => {
    const [name, at] = request.url === "/idle" ? ["idle", 0] : ["reading", 1];
    streams.open(response, false, () => {
      ended.push(name);
      if (at === 0) idleEnded.resolve();
    });
    opened[at]?.resolve();
  });
  const open = (path: string) => {
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
    onTestFinished(() => void socket.destroy());
    return socket.on("error", () => {});
  };
  open("/idle").pause();
  let read = 0;
  open("/reading").on("data", (bytes) => {
    read += bytes.length;
  });
  await Promise.all(opened.map(({ promise }) => promise));
  const server = "x".repeat(1_000);
  let emitted = 0;
  for (; ended.length === 0; emitted += 1) {
    events.emit({ type: "up", server });
    // The reader is given its turn, as it would have with another process.
    if (emitted % 100 === 0) await setImmediate();
  }
  await idleEnded.promise;
  expect(ended).toEqual(["idle"]);
  await expect.poll(() => read).toBeGreaterThan(emitted * server.length);
});

test("a supervisor that does not answer is waited for only so long", async () => {
  const streams = new EventStreams(new Events());
  const opened = signal();
  const port = await startHttp((_request, response) => {
    streams.open(response, true, () => {});
    opened.resolve();
  });
  const reader = request({ host: "127.0.0.1", port, agent: false }, (response) =>
    response.on("error", () => {}).resume(),
  );
  onTestFinished(() => void reader.on("error", () => {}).destroy());
  reader.end();
  await opened.promise;
  const outcome = await new ScaleRequests(streams, 10).send({ action: "add", n: 1, hostnames: [] });
  expect(outcome).toMatchObject({ status: 504 });
});
