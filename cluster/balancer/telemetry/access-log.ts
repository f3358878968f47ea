import { type AccessLogEntry, formatAccessLogEntry } from "./access-log-entry.ts";
import { closeSink, openSink, type Sink, writeLines } from "./access-log-sink.ts";
import type { BalancerEvent } from "./events.ts";

/** Lines are written when there is so much of them, in bytes, or they are so old. */
const FULL_BYTES = 65_536;
const FLUSH_MS = 100;
/** What waits to be written, at most: further lines are dropped. */
const MAX_WAITING = 4 * 1024 * 1024;
/** How long the last lines may take when the log is closed. */
const CLOSE_MS = 1_000;

/** Counts of lines; plain numbers, so that those of several processes add up. */
export interface LogCounts {
  linesLogged: number;
  /** Lines that could not be written, or that came faster than they were. */
  linesDropped: number;
}

/** The access log: a line a request, gathered, and written while requests go on. */
export class AccessLog {
  readonly #path: string;
  readonly #counts: LogCounts;
  readonly #emit: (event: BalancerEvent) => void;
  #sink: Sink;
  #text = "";
  #lines = 0;
  /** Bytes gathered or being written. */
  #waiting = 0;
  #timer: NodeJS.Timeout | null = null;
  /** The end of all that is to be done with the sink, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #isFailing = false;
  readonly #ending = new AbortController();
  #isClosed = false;

  private constructor(path: string, sink: Sink, counts: LogCounts, emit: (event: BalancerEvent) => void) {
    this.#path = path;
    this.#sink = sink;
    this.#counts = counts;
    this.#emit = emit;
  }

  /** `-` is standard output. Rejects with a ConfigError when it cannot be written. */
  static async open(path: string, counts: LogCounts, emit: (event: BalancerEvent) => void): Promise<AccessLog> {
    return new AccessLog(path, await openSink(path), counts, emit);
  }

  add(entry: AccessLogEntry): void {
    const line = formatAccessLogEntry(entry);
    if (this.#isClosed || this.#waiting + line.length > MAX_WAITING) {
      this.#counts.linesDropped += 1;
      return;
    }
    this.#text += line;
    this.#lines += 1;
    this.#waiting += line.length;
    if (this.#text.length >= FULL_BYTES) this.#flush();
    else this.#timer ??= setTimeout(this.#flush, FLUSH_MS);
  }

  readonly #flush = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#text === "") return;
    const lines = Buffer.from(this.#text, "latin1");
    const count = this.#lines;
    this.#text = "";
    this.#lines = 0;
    this.#work = this.#work.then(() => this.#write(lines, count));
  };

  async #write(lines: Buffer, count: number): Promise<void> {
    try {
      await writeLines(this.#sink, lines, this.#ending.signal);
      this.#counts.linesLogged += count;
      this.#isFailing = false;
    } catch (error) {
      this.#counts.linesDropped += count;
      // Told once: a full disk fails at every line.
      if (!this.#isFailing) this.#emit({ type: "log-failed", reason: String(error) });
      this.#isFailing = true;
    }
    this.#waiting -= lines.length;
  }

  /** Opens the file anew, for it has been renamed: lines so far go to the old one. Where that fails it is gone on with. */
  async reopen(): Promise<void> {
    if (this.#path === "-" || this.#isClosed) return;
    this.#flush();
    this.#work = this.#work.then(async () => {
      try {
        const sink = await openSink(this.#path);
        closeSink(this.#sink);
        this.#sink = sink;
      } catch (error) {
        this.#emit({ type: "log-failed", reason: String(error) });
      }
    });
    await this.#work;
  }

  /** Writes what is left, unless that takes too long. */
  async close(): Promise<void> {
    // Twice would close what has the descriptor by then.
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#flush();
    const timer = setTimeout(() => this.#ending.abort(), CLOSE_MS);
    await this.#work;
    clearTimeout(timer);
    closeSink(this.#sink);
  }
}
