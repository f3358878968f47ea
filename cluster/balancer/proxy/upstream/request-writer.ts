import type { BodyReader } from "../../../../src/http1/index.ts";
import type { ResponseHandler } from "../contract.ts";
import { addRun } from "../io/body-run.ts";
import { Output } from "../io/output.ts";
import type { ByteStream } from "../io/stream.ts";

/** Writes requests on a connection to a server: heads, and bodies as they arrive. */
export class RequestWriter {
  /** The body of the request has not been sent whole. */
  isSending = false;
  /** The code of a write that failed; null while none has. What is to be written after it is dropped. */
  error: string | null = null;
  readonly #stream: ByteStream;
  readonly #output: Output;
  /** Bytes written before the present requests. */
  #mark = 0;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.#output = new Output(stream);
  }

  /** Begins requests, of which each but the last is without a body; `flush` follows. */
  begin(handlers: readonly ResponseHandler[]): void {
    for (const { request } of handlers) this.#output.add(request.opening);
    this.isSending = handlers[0]?.request.isWhole === false;
    this.#mark = this.#stream.bytesWritten;
  }

  /** Adds the run of the body that `body` has just found in `bytes`; `flush` follows. */
  addBody(bytes: Buffer, body: BodyReader): void {
    if (this.error !== null) return;
    addRun(this.#output, bytes, body);
    if (body.done) this.isSending = false;
  }

  /** Writes what has been added. Returns false when the server takes no more for now. */
  flush(): boolean {
    return this.#output.flush();
  }

  /** The server takes more. */
  get isTaken(): boolean {
    return this.error !== null || !this.#stream.isSaturated;
  }

  /** Some of the present requests may have reached the server. */
  get wasSent(): boolean {
    return this.#stream.bytesWritten > this.#mark;
  }
}
