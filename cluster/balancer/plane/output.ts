import type { Socket } from "node:net";
import { writeCopy } from "./copies.ts";

/** Data goes out as text, with what stands around it in one write, up to this length; longer data as the bytes that they are. */
const longestText = 8_192;

/** Gathers what is to be written to a socket, so that it goes out in as few writes as can be. */
export class Output {
  readonly #socket: Socket;
  #text = "";
  /** Bytes stand before the text. */
  #isCorked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Adds text, a byte each character. */
  add(text: string): void {
    this.#text += text;
  }

  /** Adds data from a buffer that is used again. */
  addData(bytes: Buffer, from: number, to: number): void {
    if (to - from <= longestText) {
      this.#text += bytes.toString("latin1", from, to);
      return;
    }
    if (!this.#isCorked) this.#socket.cork();
    this.#isCorked = true;
    if (this.#text !== "") this.#socket.write(this.#text, "latin1");
    this.#text = "";
    writeCopy(this.#socket, bytes, from, to);
  }

  /** Writes what has been added. Returns false when the far end should be waited for. */
  flush(): boolean {
    if (this.#text !== "") this.#socket.write(this.#text, "latin1");
    this.#text = "";
    if (this.#isCorked) this.#socket.uncork();
    this.#isCorked = false;
    return !this.#socket.writableNeedDrain;
  }
}
