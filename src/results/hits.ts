import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { UserError } from "../errors.ts";
import type { Hit } from "./hit.ts";

/** A file of hits that is being written. */
export interface HitsFile {
  /** Appends one hit. Wait for the promise: it holds the caller back while the disk is behind. */
  write(hit: Hit): Promise<void>;
  /** Flushes and closes; rejects when anything could not be written. */
  close(): Promise<void>;
}

const COLUMNS = "index,key,method,status,server,attempts,startMs,latencyMs,error";

/**
 * Opens a CSV file (RFC 4180 quoting, lines end in LF) with a header and one line a hit, in the order of writing.
 * Times are in milliseconds to the microsecond; null is an empty field. A file that can't be written is a UserError.
 */
export async function saveHits(path: string): Promise<HitsFile> {
  const stream = createWriteStream(path);
  const done = finished(stream).catch(cannotWrite(path));
  // Whoever writes or closes next hears of a failure; until then it must not end the process.
  done.catch(() => {});
  const onceEmitted = (event: "open" | "drain") =>
    Promise.race([new Promise<void>((resolve) => stream.once(event, resolve)), done]);

  await onceEmitted("open");
  stream.write(`${COLUMNS}\n`);
  // One promise for all who wait: a listener for each of many requests in flight would look like a leak.
  let room: Promise<void> | null = null;

  async function write(hit: Hit): Promise<void> {
    if (stream.errored) return done;
    if (stream.write(toLine(hit))) return;
    room ??= onceEmitted("drain").finally(() => {
      room = null;
    });
    await room;
  }

  async function close(): Promise<void> {
    stream.end();
    await done;
  }

  return { write, close };
}

function toLine(hit: Hit): string {
  const fields = [
    hit.index,
    quoted(hit.key),
    quoted(hit.method),
    hit.status,
    quoted(hit.server),
    hit.attempts,
    toMicroseconds(hit.startMs),
    toMicroseconds(hit.latencyMs),
    quoted(hit.error),
  ];
  return `${fields.join(",")}\n`;
}

const quoted = (text: string | null): string => {
  if (text === null) return "";
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const toMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;

const cannotWrite =
  (path: string) =>
  (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`Can't write ${path} (${reason}): check the folder and the free space.`, undefined, {
      cause: error,
    });
  };
