/** Where the lines of an access log go. */
import { closeSync, constants, fstatSync, open, write } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { ConfigError } from "../config/address.ts";
import { codeOf } from "../config/error-code.ts";

/** What pipes take as a whole (POSIX's PIPE_BUF, as Linux has it): several processes may write to one. */
const PIPE_BYTES = 4_096;
/** How long a reader that takes nothing more is left alone. */
const FULL_MS = 20;

/** An open file, pipe or terminal. */
export interface Sink {
  readonly descriptor: number;
  /** Lines are written so many bytes at a time. */
  readonly bytes: number;
}

/**
 * Opens a file, to be appended to and, where it is a new one, for its owner alone; `-` is standard output. Rejects with
 * a ConfigError.
 */
export async function openSink(path: string): Promise<Sink> {
  try {
    const descriptor = await descriptorOf(path);
    return { descriptor, bytes: fstatSync(descriptor).isFile() ? Number.POSITIVE_INFINITY : PIPE_BYTES };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConfigError(`the access log ${path} cannot be written (${codeOf(error)}): name a file, or - for stdout`);
  }
}

/** A pipe must not block: what a thread of Node's pool waits for would keep the process from ending. */
async function descriptorOf(path: string): Promise<number> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  const flags = O_WRONLY | O_APPEND | O_NONBLOCK;
  if (path !== "-") return promisify(open)(path, flags | O_CREAT, 0o600);
  return fstatSync(1).isFIFO() ? promisify(open)("/dev/stdout", flags) : 1;
}

export function closeSink({ descriptor }: Sink): void {
  if (descriptor !== 1) closeSync(descriptor);
}

/** Writes whole lines. Rejects when that cannot be done, or a reader has taken nothing by the time of `signal`. */
export async function writeLines(sink: Sink, lines: Buffer, signal: AbortSignal): Promise<void> {
  let at = 0;
  while (at < lines.length) {
    const end = endOfLines(lines, at, sink.bytes);
    while (at < end) at += await writeSome(sink, lines, at, end, signal);
  }
}

async function writeSome({ descriptor }: Sink, lines: Buffer, from: number, to: number, signal: AbortSignal) {
  try {
    return (await promisify(write)(descriptor, lines, from, to - from, null)).bytesWritten;
  } catch (error) {
    if (!(error instanceof Error) || codeOf(error) !== "EAGAIN") throw error;
    await setTimeout(FULL_MS, undefined, { signal });
    return 0;
  }
}

/** The end of the last line that is whole within so many bytes, or of the first where that is longer. */
function endOfLines(lines: Buffer, from: number, bytes: number): number {
  if (lines.length - from <= bytes) return lines.length;
  const last = lines.lastIndexOf(10, from + bytes - 1);
  return last >= from ? last + 1 : lines.indexOf(10, from) + 1;
}
