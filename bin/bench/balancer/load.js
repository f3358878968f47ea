// A load generator: requests at a fixed rate, whether answers come or not (an open loop), or each as soon as the one
// before it on its connection is answered (a closed loop). Runs in a process of its own.
import { latencyRecorder } from "../../../dist/src/stats/latency.js";
import { given, report } from "../measure.js";
import { Connection } from "./connection.js";

/** `rate` a second in an open loop, or none; it ends after `seconds` or `count` requests. `fresh`: each on a new connection. */
const {
  port,
  connections,
  rate,
  seconds = Number.POSITIVE_INFINITY,
  count = Number.POSITIVE_INFINITY,
  fresh,
} = given();
/** How long connections may take to be made, all of them, and how long the last answers are waited for. */
const CONNECT_MS = 30_000;
const GRACE_MS = 5_000;
/** How long an open loop goes before its latencies count: the generator's own first ones are long. */
const WARM_UP_MS = 500;
/** How long answers and what is due may wait to be looked at, in an open loop. */
const NAP_MS = 0.05;
const nobody = new Int32Array(new SharedArrayBuffer(4));

const latencies = latencyRecorder();
/** Connections without a request, and the times of requests without a connection. */
const idle = new Set();
const waiting = [];
const totals = { sent: 0, answered: 0, failed: 0 };

/** Different targets in an order that repeats late, as the script for wrk has them. */
const head = (number) =>
  `GET /data/k${(number * 7919) % 100_003} HTTP/1.1\r\nHost: bench\r\n${fresh ? "Connection: close\r\n" : ""}\r\n`;

/** A request is over that was due then; status 0 for one without an answer. */
function over(due, status) {
  totals.answered++;
  if (status !== 200) totals.failed++;
  if (rate === undefined || due >= began + WARM_UP_MS) latencies.record(performance.now() - due);
}

const send = (connection, due) => connection.send(head(totals.sent++), due);

let began = 0;
let ended = false;
const isOver = () => ended || totals.sent >= count || (began > 0 && performance.now() >= began + seconds * 1000);

/** A connection may have a request: one that waits, or in a closed loop the next. */
function ready(connection) {
  if (waiting.length > 0) send(connection, waiting.shift());
  else if (began > 0 && rate === undefined && !isOver()) send(connection, performance.now());
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

const broken = (connection) => idle.delete(connection);
for (let i = 0; i < connections; i++) new Connection(port, { ready, over, broken }).open();
await until(() => idle.size === connections, CONNECT_MS);
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
