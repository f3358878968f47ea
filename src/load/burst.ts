import { Client, type Dispatcher } from "undici";
import type { Hit } from "../results/hit.ts";
import type { PlannedRequest, RequestSource } from "./requests.ts";

export interface BurstOptions {
  /** Where to send, e.g. `http://127.0.0.1:5000`. */
  readonly origin: string;
  readonly count: number;
  /** Requests under way at a time, each on its own keep-alive connection (a closed loop). */
  readonly concurrency: number;
  /** How long a response may take, in milliseconds; after that the request has failed. */
  readonly timeoutMs: number;
  readonly request: RequestSource;
  /** Called for every request once it is over; the next on its connection waits for the promise it may return. */
  readonly onHit: (hit: Hit) => void | Promise<void>;
  /** Stops the burst: nothing more is sent, what is under way is dropped and not counted. */
  readonly signal: AbortSignal;
}

/**
 * Sends exactly `count` requests, `concurrency` at a time, and returns how long it took in milliseconds. Every
 * failure becomes a Hit; it rejects only for a defect. When aborted it resolves early.
 */
export async function burst(options: BurstOptions): Promise<number> {
  const { origin, count, concurrency, timeoutMs, signal } = options;
  const started = performance.now();
  let next = 0;
  const clients = Array.from(
    { length: Math.min(concurrency, count) },
    // undici's own timeouts are coarse and start anew with every chunk: each request has a deadline of its own instead.
    () => new Client(origin, { pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connectTimeout: timeoutMs }),
  );
  const drop = () => {
    for (const client of clients) client.destroy(null).catch(() => {});
  };
  signal.addEventListener("abort", drop);
  try {
    await Promise.all(
      clients.map(async (client) => {
        while (next < count && !signal.aborted) await send(client, next++, started, options);
      }),
    );
    return performance.now() - started;
  } finally {
    signal.removeEventListener("abort", drop);
    await Promise.all(clients.map((client) => client.destroy()));
  }
}

/** Sends one request; resolves once its Hit was handed over. */
function send(client: Client, index: number, burstStarted: number, options: BurstOptions): Promise<void> {
  const planned = options.request(index);
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const reader = responseReader((response) => {
      clearTimeout(deadline);
      if (options.signal.aborted && response.error !== null) return resolve();
      const hit = toHit(index, planned, start - burstStarted, performance.now() - start, response);
      Promise.resolve(options.onHit(hit)).then(resolve, reject);
    });
    const deadline = setTimeout(reader.cut, options.timeoutMs);
    const { method, path, headers, body } = planned;
    client.dispatch({ method, path, headers, body }, reader.handler);
  });
}

interface ResponseSummary {
  status: number;
  server: string | null;
  attempts: number;
  requestId: string | null;
  error: string | null;
}

/** undici's lowest handler: no stream and no promise a request. The body is read and dropped; `cut` ends it early. */
function responseReader(finish: (response: ResponseSummary) => void): {
  handler: Dispatcher.DispatchHandler;
  cut: () => void;
} {
  const response: ResponseSummary = { status: 0, server: null, attempts: 1, requestId: null, error: null };
  let controller: Dispatcher.DispatchController | null = null;
  let tooLate = false;
  const cut = () => {
    tooLate = true;
    controller?.abort(Object.assign(new Error("too late"), { code: "TIMEOUT" }));
  };
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: (started) => {
      controller = started;
      if (tooLate) cut();
    },
    onResponseStart: (_, status, headers) => {
      if (status < 200) return;
      response.status = status;
      response.server = text(headers["x-served-by"]);
      response.requestId = text(headers["x-request-id"]);
      response.attempts = Number(text(headers["x-lbctl-attempts"]) ?? 1);
      if (status >= 400) response.error = `HTTP ${status}`;
    },
    onResponseData: () => {},
    onResponseEnd: () => finish(response),
    onResponseError: (_, error) => finish({ ...response, error: errorKind(error) }),
  };
  return { handler, cut };
}

const text = (value: string | string[] | undefined): string | null =>
  Array.isArray(value) ? (value[0] ?? null) : (value ?? null);

const errorNames: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: "CONNECT_TIMEOUT",
  UND_ERR_SOCKET: "CONNECTION_CLOSED",
};

/** A short stable name for a failure: the system's code (ECONNREFUSED) or one of ours. */
function errorKind(error: Error): string {
  const code = "code" in error ? String(error.code) : error.name;
  return errorNames[code] ?? code;
}

const toHit = (
  index: number,
  planned: PlannedRequest,
  startMs: number,
  latencyMs: number,
  response: ResponseSummary,
): Hit => ({
  index,
  key: planned.key ?? response.requestId ?? "",
  method: planned.method,
  status: response.status,
  server: response.server,
  attempts: response.attempts,
  startMs,
  latencyMs,
  error: response.error,
});
