import type { ServerResponse } from "node:http";
import { type BalancerEvent, type Events, withAlias } from "../telemetry/events.ts";
import type { ScaleRequestEvent } from "./schema.ts";

/** A reader that lets more than this pile up is cut off. */
const MAX_BUFFERED_BYTES = 256 * 1024;
const HEARTBEAT_MS = 15_000;

/** The readers of `GET /v1/events`: server-sent events, one connection each. */
export class EventStreams {
  readonly #events: Events;
  readonly #readers = new Set<ServerResponse>();
  readonly #supervisors = new Set<ServerResponse>();

  constructor(events: Events) {
    this.#events = events;
  }

  /** Makes `response` a stream of events until either side ends it; `onEnd` is called then. */
  open(response: ServerResponse, provision: boolean, onEnd: () => void): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": attached\n\n");
    const unsubscribe = this.#events.subscribe((event) => send(response, event));
    const heartbeat = setInterval(() => write(response, ": \n\n"), HEARTBEAT_MS);
    this.#readers.add(response);
    if (provision) this.#supervisors.add(response);
    // Node tells the end of the connection to no response whose turn to be sent has not come.
    response.req.socket.once("close", () => {
      clearInterval(heartbeat);
      unsubscribe();
      this.#readers.delete(response);
      this.#supervisors.delete(response);
      onEnd();
    });
  }

  /** Sends a scale request to the supervisor that came last alone, so that it is fulfilled once. Returns it; undefined for none. */
  sendScaleRequest(event: ScaleRequestEvent): ServerResponse | undefined {
    const newest = [...this.#supervisors].at(-1);
    if (newest !== undefined) send(newest, event);
    return newest;
  }

  close(): void {
    for (const response of this.#readers) response.end();
  }
}

function send(response: ServerResponse, event: BalancerEvent | ScaleRequestEvent): void {
  for (const each of withAlias(event)) write(response, `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`);
}

function write(response: ServerResponse, text: string): void {
  if (response.writableLength > MAX_BUFFERED_BYTES) response.req.socket.destroy();
  else if (!response.writableEnded) response.write(text);
}
