// A load generator: requests at a fixed rate, whether answers come or not (an open loop), or each as soon as the one
// before it on its connection is answered (a closed loop). Runs in a process of its own.
import { connect } from "node:net";
import { BodyReader, more, ResponseHead, responseFraming } from "../../../dist/src/http1/index.js";
import { latencyRecorder } from "../../../dist/src/stats/latency.js";
import { given, report } from "../measure.js";

/** `rate` a second in an open loop, or none; it ends after `seconds` or `count` requests. `fresh`: each on a new connection. */
const {
  port,
  connections,
  rate,
  seconds = Number.POSITIVE_INFINITY,
  count = Number.POSITIVE_INFINITY,
  fresh,
} = given();
/** How long the last answers are waited for. */
const GRACE_MS = 5_000;
/** How long an open loop goes before its latencies count: the generator's own first ones are long. */
const WARM_UP_MS = 500;
/** How long answers and what is due may wait to be looked at, in an open loop. */
const NAP_MS = 0.05;
const nobody = new Int32Array(new SharedArrayBuffer(4));
/** How long after one that broke a connection is made again. */
const REOPEN_MS = 10;

const limits = { line: 16_384, head: 65_536, fields: 200 };
const buffer = Buffer.allocUnsafeSlow(65_536);
const decode = (bytes, from, to) => bytes.toString("latin1", from, to);
const latencies = latencyRecorder();
/** Connections without a request, and the times of requests without a connection. */
const idle = new Set();
const waiting = [];
const totals = { sent: 0, answered: 0, failed: 0 };

/** Different targets in an order that repeats late, as the script for wrk has them. */
const head = (number) =>
  `GET /data/k${(number * 7919) % 100_003} HTTP/1.1\r\nHost: bench\r\n${fresh ? "Connection: close\r\n" : ""}\r\n`;

/** One client connection; when its request was due, or null when it has none. */
class Connection {
  due = null;
  #socket;
  #reader = new ResponseHead(limits, decode);
  #body = new BodyReader();
  #inBody = false;
  #held = null;

  open() {
    this.#reader.reset();
    this.#inBody = false;
    this.#held = null;
    const onread = { buffer, callback: (length) => this.#onRead(length) };
    const socket = connect({ host: "127.0.0.1", port, noDelay: true, onread }, () => ended || ready(this));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (socket !== this.#socket || ended) return;
      idle.delete(this);
      if (this.due !== null) over(this, 0);
      setTimeout(() => this.open(), REOPEN_MS);
    });
    this.#socket = socket;
  }

  send(due) {
    this.due = due;
    this.#socket.write(head(totals.sent++), "latin1");
  }

  #onRead(length) {
    const now = buffer.subarray(0, length);
    const bytes = this.#held === null ? now : Buffer.concat([this.#held, now]);
    this.#held = null;
    let at = 0;
    if (!this.#inBody) {
      at = this.#reader.read(bytes, 0, bytes.length);
      if (at === more) this.#held = Buffer.from(bytes);
      if (at < 0) return true;
      this.#body.begin(responseFraming(this.#reader, "GET"), this.#reader.fields.contentLength);
      this.#inBody = true;
    }
    while (!this.#body.done && at < bytes.length) at = this.#body.read(bytes, at, bytes.length);
    if (this.#body.done) this.#answered();
    return true;
  }

  #answered() {
    const { status, persists } = this.#reader;
    this.#inBody = false;
    this.#reader.reset();
    over(this, status);
    if (persists) return ready(this);
    const socket = this.#socket;
    this.open();
    socket.destroy();
  }
}

/** A connection's request is over; 0 for one without an answer. */
function over(connection, status) {
  totals.answered++;
  if (status !== 200) totals.failed++;
  if (rate === undefined || connection.due >= began + WARM_UP_MS) latencies.record(performance.now() - connection.due);
  connection.due = null;
}

let began = 0;
let ended = false;
const isOver = () => ended || totals.sent >= count || (began > 0 && performance.now() >= began + seconds * 1000);

/** A connection may have a request: one that waits, or in a closed loop the next. */
function ready(connection) {
  if (waiting.length > 0) connection.send(waiting.shift());
  else if (began > 0 && rate === undefined && !isOver()) connection.send(performance.now());
  else idle.add(connection);
}

/** Sends what is due, and looks again soon: timers are as coarse as the latencies, and who never sleeps is made to wait. */
function pace(number) {
  const now = performance.now();
  let next = number;
  for (; next < rate * seconds && began + (next * 1000) / rate <= now; next++) {
    waiting.push(began + (next * 1000) / rate);
    const [connection] = idle;
    if (connection === undefined) continue;
    idle.delete(connection);
    ready(connection);
  }
  if (next >= rate * seconds) return;
  Atomics.wait(nobody, 0, 0, NAP_MS);
  setImmediate(pace, next);
}

const until = async (condition, ms = Number.POSITIVE_INFINITY) => {
  const deadline = performance.now() + ms;
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
};

for (let i = 0; i < connections; i++) new Connection().open();
await until(() => idle.size === connections, GRACE_MS);
if (idle.size < connections) throw new Error(`127.0.0.1:${port} took ${idle.size} of ${connections} connections.`);
began = performance.now();
if (rate === undefined) {
  const all = [...idle];
  idle.clear();
  for (const connection of all) ready(connection);
} else pace(0);
await until(isOver);
const elapsed = (performance.now() - began) / 1000;
const { answered } = totals;
await until(() => waiting.length === 0 && totals.answered === totals.sent, GRACE_MS);
ended = true;
report({
  requests: totals.answered,
  perSecond: answered / elapsed,
  p99Ms: latencies.summary().p99,
  failed: totals.failed + totals.sent - totals.answered + waiting.length,
});
process.exit();
