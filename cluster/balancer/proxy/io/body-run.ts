import { type BodyReader, chunkHead, Framing } from "../../../../src/http1/index.ts";

/** What takes what is to be sent. */
export interface Sink {
  /** Adds text, one byte a character. */
  add(text: string): void;
  /** Adds data from a buffer that is read into again. */
  addData(bytes: Buffer, from: number, to: number): void;
}

/** Adds the run that `body` has just found in `bytes`, as a chunk where the body is chunked, and behind the last what ends it. */
export function addRun(to: Sink, bytes: Buffer, { dataStart, dataEnd, framing, done, trailers }: BodyReader): void {
  const isChunked = framing === Framing.chunked;
  if (dataEnd > dataStart) {
    if (isChunked) to.add(chunkHead(dataEnd - dataStart));
    to.addData(bytes, dataStart, dataEnd);
    if (isChunked) to.add("\r\n");
  }
  if (done && isChunked) to.add(`0\r\n${trailers}\r\n`);
}
