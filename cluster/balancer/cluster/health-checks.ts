import { request } from "node:http";
import { connect } from "node:net";
import type { Endpoint } from "../../listen.ts";
import { formatAddress } from "../config/address.ts";
import type { HealthCheckSpec } from "../config/config.ts";
import { codeOf, isLocal } from "../config/error-code.ts";
import type { Host } from "./host.ts";

/** Active checks: each server is asked again and again, on a connection of its own, until it is forgotten. */
export class HealthChecks {
  readonly #spec: HealthCheckSpec;
  readonly #report: (host: Host, error: string | null) => void;
  /** How to cancel what is under way for each server: a probe or the pause after it. */
  readonly #watched = new Map<Host, () => void>();
  /** Servers that are checked from the start on; null once they are. */
  #waiting: Set<Host> | null = new Set();
  #closed = false;

  /** Calls `report` with the result of every check; `error` is null for a success. */
  constructor(spec: HealthCheckSpec, report: (host: Host, error: string | null) => void) {
    this.#spec = spec;
    this.#report = report;
  }

  /** Checks at once all that are watched, and from here on whatever comes. */
  start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const host of waiting) this.watch(host);
  }

  /** Checks a server at once, and then again and again. Nothing is watched any more once the checks are closed. */
  watch(host: Host): void {
    if (this.#spec.kind === "off" || this.#closed) return;
    if (this.#waiting !== null) this.#waiting.add(host);
    else void this.#check(host);
  }

  forget(host: Host): void {
    this.#waiting?.delete(host);
    this.#watched.get(host)?.();
    this.#watched.delete(host);
  }

  close(): void {
    this.#closed = true;
    for (const host of [...this.#watched.keys()]) this.forget(host);
  }

  async #check(host: Host): Promise<void> {
    const attempt = new AbortController();
    const timer = setTimeout(() => attempt.abort(), this.#spec.timeoutMs);
    this.#watched.set(host, () => attempt.abort());
    const error = await probe(host.endpoint, this.#spec, attempt.signal);
    clearTimeout(timer);
    const known = error === null || !isLocal(error);
    if (known && this.#watched.has(host)) this.#report(host, error);
    // The report may have had the server forgotten.
    if (this.#watched.has(host)) this.#pause(host);
  }

  #pause(host: Host): void {
    // A tenth of jitter keeps many balancers from asking in step.
    const pauseMs = this.#spec.intervalMs * (0.9 + Math.random() * 0.2);
    const timer = setTimeout(() => void this.#check(host), pauseMs);
    this.#watched.set(host, () => clearTimeout(timer));
  }
}

/** Asks once; resolves to null for health, else to what went wrong. Never rejects. */
async function probe(at: Endpoint, spec: HealthCheckSpec, signal: AbortSignal): Promise<string | null> {
  try {
    await (spec.kind === "tcp" ? probeTcp(at, signal) : probeHttp(at, spec.path, signal));
    return null;
  } catch (error) {
    if (signal.aborted) return "TIMEOUT";
    return error instanceof Error ? codeOf(error) : String(error);
  }
}

function probeTcp({ host, port }: Endpoint, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal }, () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}

function probeHttp(at: Endpoint, path: string, signal: AbortSignal): Promise<void> {
  const headers = { host: formatAddress(at), connection: "close" };
  return new Promise((resolve, reject) => {
    const sent = request({ host: at.host, port: at.port, path, agent: false, headers, signal }, (response) => {
      const status = response.statusCode ?? 0;
      response.on("error", () => {});
      sent.destroy();
      if (status >= 200 && status < 400) resolve();
      else reject(new Error(`HTTP ${status}`));
    });
    sent.on("error", reject);
    // Node takes a 101 for neither a response nor an error, and the abort signal lets go of the connection.
    sent.on("upgrade", (_answer, socket) => {
      socket.destroy();
      reject(new Error("HTTP 101"));
    });
    sent.end();
  });
}
