import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { codeOf } from "../error-code.ts";
import type { KeySource } from "../key.ts";
import type { Routing } from "../routing.ts";
import { begin, countAnswer, end, type Upstream } from "../upstream.ts";
import { bodyOf } from "./body.ts";
import { type Client, refuse } from "./client.ts";
import { classify, type Failure, mayRetry } from "./failure.ts";
import { answerFields } from "./fields.ts";
import type { Pools } from "./pools.ts";
import type { Refusal } from "./refusal.ts";

/** What every exchange of a data plane shares. */
export interface ExchangeContext {
  readonly members: Routing;
  readonly pools: Pools;
  /** The plane is closing: answers say so. */
  readonly isClosing: () => boolean;
  /** Called once, at the end; `refused` is the status of an answer that no server gave, else null. */
  readonly done: (seconds: number, refused: number | null) => void;
}

/** One request: what came from the client, and what goes to the server. */
export interface Forwarding extends KeySource {
  readonly client: Client;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly fields: string[];
  readonly hasBody: boolean;
}

/** A request that harms whom it reaches must not be carried from server to server. */
const maxAttempts = 3;
const maxBroken = 2;

/** A request on its way through the balancer: one or more attempts at servers, one answer. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #context: ExchangeContext;
  readonly #given: Forwarding;
  readonly #key: string;
  /** Tells the client its key as `X-Request-Id`. */
  readonly #showKey: boolean;
  readonly #began = performance.now();
  /** Servers that could not be reached: they are not asked again. */
  readonly #unreached: Upstream[] = [];
  /** Servers that the request failed at. */
  readonly #tried: Upstream[] = [];
  #attempts = 0;
  /** Attempts that the server did not answer. */
  #broken = 0;
  #attemptBegan = 0;
  #upstream: Upstream | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #failure: Failure | null = null;
  #clientGone = false;
  /** Bytes of the answer's body still to come; NaN when it does not say. */
  #remaining = Number.NaN;

  constructor(context: ExchangeContext, given: Forwarding) {
    this.#context = context;
    this.#given = given;
    const { key, readKey } = context.members.view;
    this.#key = readKey(given);
    this.#showKey = key.kind === "request-id";
    given.response.on("error", () => {});
    given.client.onGone = this.#onGone;
  }

  /** Gives the request to the next server that will have it. */
  attempt(): void {
    const { members } = this.#context;
    // A connection that broke may have been a stale one: with nobody else to ask, its server is asked once more.
    const upstream = members.choose(this.#key, this.#tried) ?? members.choose(this.#key, this.#unreached);
    if (upstream === null || upstream === "policy-failed") {
      this.#refuse(upstream ?? this.#failure?.refusal ?? "no-server");
      return;
    }
    this.#attempts += 1;
    this.#attemptBegan = performance.now();
    this.#upstream = upstream;
    begin(upstream);
    const { request, path, method, fields, hasBody } = this.#given;
    const body = hasBody ? bodyOf(request) : null;
    this.#context.pools
      .of(upstream)
      .dispatch({ path, method: method as Dispatcher.HttpMethod, headers: fields, body }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#clientGone) controller.abort(new Error("the client has gone"));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    if (status < 200) return;
    const raw = Array.isArray(controller.rawHeaders) ? controller.rawHeaders : [];
    const connection = headers.connection;
    const own = this.#showKey ? ownFieldsWithKey : ownFields;
    const fields = answerFields(raw, typeof connection === "string" ? connection : undefined, own);
    this.#remaining = Number(headers["content-length"] ?? Number.NaN);
    this.#given.response.writeHead(status, this.#addOwn(fields));
    if (this.#upstream !== null) countAnswer(this.#upstream, status);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { response } = this.#given;
    if (this.#clientGone) return;
    this.#remaining -= chunk.length;
    // Ending with the last bytes makes one write of a short answer, instead of two.
    if (this.#remaining === 0) response.end(chunk);
    else if (!response.write(chunk)) {
      controller.pause();
      response.once("drain", () => controller.resume());
    }
  }

  onResponseEnd(): void {
    const { request, response } = this.#given;
    if (!response.writableEnded) response.end();
    // An answer that came before the body was read whole: the rest is read and dropped.
    if (!request.complete) request.resume();
    const upstream = this.#release();
    if (upstream !== null) this.#context.members.answered(upstream);
    this.#finish(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const upstream = this.#release();
    if (this.#clientGone || upstream === null) this.#finish(null);
    else if (this.#given.response.headersSent) this.#cut(upstream, error);
    else this.#failed(upstream, error);
  }

  /** The answer broke off in the middle: the client must not take it for whole. */
  #cut(upstream: Upstream, error: Error): void {
    upstream.counts.failures += 1;
    upstream.lastError = codeOf(error);
    this.#lost(upstream, error, classify(error));
    this.#given.response.destroy();
    this.#finish(null);
  }

  /** Answers that are too late do not come from one event, as connections do that break together: each counts. */
  #lost(upstream: Upstream, error: Error, { refusal }: Failure): void {
    const began = refusal === "answer-timeout" ? performance.now() : this.#attemptBegan;
    this.#context.members.lost(upstream, codeOf(error), began);
  }

  #failed(upstream: Upstream, error: Error): void {
    const failure = classify(error);
    if (failure.blame) {
      upstream.counts.failures += 1;
      upstream.lastError = codeOf(error);
    }
    if (failure.unreached) this.#context.members.checked(upstream, codeOf(error));
    if (failure.lost) this.#lost(upstream, error, failure);
    this.#tried.push(upstream);
    if (failure.unreached) this.#unreached.push(upstream);
    else this.#broken += 1;
    this.#failure = failure;
    const spent = this.#attempts >= maxAttempts || this.#broken >= maxBroken;
    if (spent || !mayRetry(failure, this.#given.method, this.#given.hasBody)) {
      this.#refuse(failure.refusal);
      return;
    }
    upstream.counts.retries += 1;
    this.attempt();
  }

  #addOwn(fields: string[]): string[] {
    if (this.#attempts > 1) fields.push("X-Lbctl-Attempts", String(this.#attempts));
    if (this.#showKey) fields.push("X-Request-Id", this.#key);
    if (this.#context.isClosing()) fields.push("Connection", "close");
    return fields;
  }

  #refuse(reason: Refusal): void {
    const { request, response } = this.#given;
    const status = refuse(response, reason, this.#addOwn([]));
    if (!request.complete) request.resume();
    this.#finish(status);
  }

  readonly #onGone = (): void => {
    if (this.#given.response.writableFinished) return;
    this.#clientGone = true;
    this.#controller?.abort(new Error("the client has gone"));
  };

  /** The attempt under way is over; returns the server that it was made at. */
  #release(): Upstream | null {
    const upstream = this.#upstream;
    this.#upstream = null;
    this.#controller = null;
    if (upstream !== null) end(upstream);
    return upstream;
  }

  #finish(refused: number | null): void {
    const { client } = this.#given;
    if (client.onGone === this.#onGone) client.onGone = null;
    this.#context.done((performance.now() - this.#began) / 1000, refused);
  }
}

/** What we alone tell the client, lower case: a server's own are dropped from its answer. */
const ownFields: ReadonlySet<string> = new Set(["x-lbctl-attempts"]);
const ownFieldsWithKey: ReadonlySet<string> = new Set([...ownFields, "x-request-id"]);
