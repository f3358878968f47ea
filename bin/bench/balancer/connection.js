// One client connection of the load generator, made again whenever it ends.
import { connect } from "node:net";
import { BodyReader, INCOMPLETE, ResponseHead, responseFraming } from "../../../dist/src/http1/index.js";

/** How long after one that broke a connection is made again. */
const REOPEN_MS = 10;
const limits = { line: 16_384, head: 65_536, fields: 200 };
/** What comes on any connection is read into this, and used before anything else is read. */
const buffer = Buffer.allocUnsafeSlow(65_536);
const decode = (bytes, from, to) => bytes.toString("latin1", from, to);

/** Has one request at a time. */
export class Connection {
  #port;
  #told;
  #socket;
  /** When the present request was due; null when there is none. */
  #due = null;
  #reader = new ResponseHead(limits, decode);
  #body = new BodyReader();
  #inBody = false;
  #held = null;

  /** Tells `ready(connection)` when a request may be sent, `over(due, status)` after each, and `broken(connection)`. */
  constructor(port, told) {
    this.#port = port;
    this.#told = told;
  }

  open() {
    this.#reader.reset();
    this.#inBody = false;
    this.#held = null;
    const onread = { buffer, callback: (length) => this.#onRead(length) };
    const options = { host: "127.0.0.1", port: this.#port, noDelay: true, onread };
    const socket = connect(options, () => this.#told.ready(this));
    socket.on("error", () => {});
    socket.on("close", () => socket === this.#socket && this.#onBroken());
    this.#socket = socket;
  }

  send(head, due) {
    this.#due = due;
    this.#socket.write(head, "latin1");
  }

  #onBroken() {
    this.#told.broken(this);
    if (this.#due !== null) this.#over(0);
    setTimeout(() => this.open(), REOPEN_MS);
  }

  #over(status) {
    const due = this.#due;
    this.#due = null;
    this.#told.over(due, status);
  }

  #onRead(length) {
    const now = buffer.subarray(0, length);
    const bytes = this.#held === null ? now : Buffer.concat([this.#held, now]);
    this.#held = null;
    const at = this.#inBody ? 0 : this.#readHead(bytes);
    if (at >= 0) this.#readBody(bytes, at);
    return true;
  }

  /** Returns where the body begins, or less than 0 where there is none yet. */
  #readHead(bytes) {
    const at = this.#reader.read(bytes, 0, bytes.length);
    if (at === INCOMPLETE) this.#held = Buffer.from(bytes);
    else if (at < 0) this.#socket.destroy();
    else this.#body.begin(responseFraming(this.#reader, "GET"), this.#reader.fields.contentLength);
    this.#inBody = at >= 0;
    return at;
  }

  #readBody(bytes, from) {
    let at = from;
    while (!this.#body.done && at < bytes.length) at = this.#body.read(bytes, at, bytes.length);
    if (this.#body.done) this.#answered();
  }

  #answered() {
    const { status, keepAlive } = this.#reader;
    const socket = this.#socket;
    this.#inBody = false;
    this.#reader.reset();
    this.#over(status);
    if (keepAlive) this.#told.ready(this);
    else {
      this.open();
      socket.destroy();
    }
  }
}
