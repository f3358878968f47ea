// Clients that take their time: heads and bodies that trickle, and answers that nobody reads. Runs in a process of its
// own, and reports once all of them are connected.
import { connect } from "node:net";
import { given, report } from "../measure.js";

/** They come over `comeMs`: where that is as long as heads may take, those who are cut stay apart as well. */
const { port, count, comeMs } = given();
/** How often each that trickles sends a byte, and how soon one that was cut is back: not all of them at once. */
const EVERY_MS = 500;
const BACK_MS = 100;
const TICK_MS = 5;
/** How long answers that nobody reads may go on filling buffers. */
const SETTLE_MS = 1_000;

/** Of this many clients one reads nothing of its answer: megabytes of it stand in the kernel's buffers, which are for all. */
const READERS = 10;
const begin = (line) => `${line} HTTP/1.1\r\nHost: bench\r\n`;
const head = { first: `${begin("GET /data")}X-Slow: `, trickles: true };
const body = { first: `${begin("POST /data/body")}Content-Length: 1000000\r\n\r\n`, trickles: true };
const reader = { first: `${begin("GET /big")}\r\n`, trickles: false };

let connected = 0;

/** Connects again and again; returns what sends the next byte. */
function slowClient({ first, trickles }) {
  let socket;
  const open = () => {
    socket = connect(port, "127.0.0.1", () => {
      connected++;
      socket.write(first);
      if (!trickles) socket.pause();
    });
    socket.on("error", () => {});
    socket.on("close", () => setTimeout(open, BACK_MS));
    if (trickles) socket.resume();
  };
  setTimeout(open, Math.random() * comeMs);
  return () => trickles && socket?.writable && socket.write("a");
}

const kindOf = (n) => (n % READERS === 0 ? reader : n % 2 === 0 ? head : body);
const trickles = Array.from({ length: count }, (_, n) => slowClient(kindOf(n)));
let turn = 0;
let isReported = false;
setInterval(() => {
  const each = Math.ceil((count * TICK_MS) / EVERY_MS);
  for (let i = 0; i < each; i++) trickles[turn++ % count]();
  if (isReported || connected < count || turn < (count * (comeMs + SETTLE_MS)) / EVERY_MS) return;
  isReported = true;
  report(connected);
}, TICK_MS);
process.on("disconnect", () => process.exit());
