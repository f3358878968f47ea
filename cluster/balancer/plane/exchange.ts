import {
  chunkHead,
  Field,
  Framing,
  type RequestHead,
  type ResponseHead,
  requestFraming,
} from "../../../src/http1/index.ts";
import { type Entry, newEntry } from "../access/entry.ts";
import { begin, countAnswer, end, type Upstream } from "../upstream.ts";
import { framingForClient, writeAnswer, writeUpgrade } from "./answer-fields.ts";
import type { Client } from "./client.ts";
import type { PlaneContext } from "./context.ts";
import { type Failure, failures, isRepeatable } from "./failure.ts";
import { bodyLength, withoutBody } from "./own.ts";
import { type Refusal, refusalAnswer, statusOf } from "./refusal.ts";
import { wantsUpgrade } from "./request-fields.ts";
import type { ServerConnection } from "./server-connection.ts";
import { source } from "./source.ts";

/** A request that harms whom it reaches must not be carried from server to server. */
const maxBroken = 2;

/** A request on its way through the balancer: one or more attempts at servers, one answer. */
export class Exchange {
  readonly method: string;
  /** The head for the server. */
  readonly head: string;
  readonly framing: Framing;
  readonly upgrades: boolean;
  /** The client's connection ends with the answer. */
  readonly isLast: boolean;
  /** It may be made twice. */
  readonly isRepeatable: boolean;
  /** It may share a connection with others under way. What stands behind an upgrade would go into its tunnel, and behind a HEAD some servers send the body that it should not have. */
  readonly mayShare: boolean;
  /** The connection that it was given to. */
  connection: ServerConnection | null = null;
  /** Nobody waits for the answer any more. */
  isOver = false;
  /** What the access log is to tell; null where there is none. */
  readonly entry: Entry | null;
  /** The head of the answer has been passed on. */
  isAnswered = false;
  readonly #context: PlaneContext;
  readonly #client: Client;
  /** Of the client's version of HTTP. */
  readonly #minor: number;
  readonly #expects: boolean;
  readonly #key: string;
  /** Tells the client its key as `X-Request-Id`. */
  readonly #showsKey: boolean;
  readonly #began = performance.now();
  /** Servers that could not be reached: they are not asked again. */
  #unreached: readonly Upstream[] = none;
  /** Servers that the request failed at. */
  #tried: readonly Upstream[] = none;
  #attempts = 0;
  /** Attempts that the server did not answer. */
  #broken = 0;
  #attemptBegan = 0;
  #upstream: Upstream | null = null;
  #failure: Failure | null = null;
  /** How the body goes to the client. */
  #outward: Framing = Framing.none;

  /** All that is needed of `head` is taken from it here: its reader goes on to the next request. */
  constructor(context: PlaneContext, client: Client, head: RequestHead) {
    const framing = requestFraming(head);
    const { view } = context.members;
    this.#context = context;
    this.#client = client;
    this.#minor = head.minor;
    this.isLast = !head.persists;
    this.#expects = head.minor === 1 && (head.fields.present & (1 << Field.expect)) !== 0;
    this.method = head.method;
    this.framing = framing;
    this.upgrades = wantsUpgrade(head, framing);
    this.isRepeatable = isRepeatable(head.method, framing !== Framing.none);
    this.mayShare = this.isRepeatable && !this.upgrades && !this.#expects && head.method !== "HEAD";
    this.head = client.fields.write(head, framing, this.upgrades);
    const request = source.of(head, client, context.trust);
    this.#key = view.readKey(request);
    this.entry = context.log && newEntry(request.clientAddress, head.method, request.target, view.tellKey(this.#key));
    this.#showsKey = view.key.kind === "request-id";
    context.budget.request(this.#began);
  }

  /** Gives the request to the next server that will have it. */
  attempt(): void {
    const { members, pools } = this.#context;
    // A connection that broke may have been a stale one: with nobody else to ask, its server is asked once more.
    const upstream = members.choose(this.#key, this.#tried) ?? members.choose(this.#key, this.#unreached);
    if (upstream === null || upstream === "policy-failed") {
      this.refuse(upstream ?? this.#failure?.refusal ?? "no-server");
      return;
    }
    this.#attempts += 1;
    this.#attemptBegan = this.#attempts === 1 ? this.#began : performance.now();
    this.#upstream = upstream;
    if (this.entry !== null) this.entry.server = upstream.name;
    begin(upstream);
    pools.of(upstream).send(this);
  }

  /** Whether the present attempt was begun so many milliseconds ago. */
  isLate(now: number, ms: number): boolean {
    return now - this.#attemptBegan >= ms;
  }

  /** The connection sends the head: the body may follow. Returns whether the client sees to it that both go out. */
  sent(connection: ServerConnection): boolean {
    this.connection = connection;
    if (this.framing === Framing.none) return false;
    if (!this.#client.isReading) this.#client.resumeBody();
    return true;
  }

  /** The server can take more of the body. */
  serverDrained(): void {
    this.#client.resume();
  }

  /** An interim answer (RFC 9110, 15.2); clients of HTTP/1.0 know none. */
  interim(head: ResponseHead): void {
    if (this.isOver || this.#minor === 0) return;
    this.#client.output.add(writeAnswer(head, "", false));
    this.#client.output.flush();
  }

  /** The connection becomes a tunnel. */
  upgrade(head: ResponseHead, connection: ServerConnection): void {
    if (this.#upstream !== null) countAnswer(this.#upstream, 101);
    this.isAnswered = true;
    this.#logAnswer(101);
    this.#client.output.add(writeUpgrade(head, this.#context.settings.via ? viaLine : ""));
    connection.openTunnel(this.#client);
    this.#client.openTunnel(connection);
  }

  /** The head of the answer, whose body ends as `framing` says. */
  answer(head: ResponseHead, framing: Framing): void {
    if (this.#upstream !== null) countAnswer(this.#upstream, head.status);
    this.isAnswered = true;
    if (this.isOver) return;
    this.#logAnswer(head.status);
    this.#outward = framingForClient(framing, this.#minor);
    const chunks = this.#outward === Framing.chunked ? "Transfer-Encoding: chunked\r\n" : "";
    this.#client.output.add(writeAnswer(head, chunks + this.#ownLines(), this.#showsKey));
  }

  /** A run of the answer's body, in a buffer that is used again. */
  data(bytes: Buffer, from: number, to: number): void {
    if (this.isOver || from === to) return;
    const { output } = this.#client;
    if (this.entry !== null) this.entry.answerBytes += to - from;
    if (this.#outward !== Framing.chunked) output.addData(bytes, from, to);
    else {
      output.add(chunkHead(to - from));
      output.addData(bytes, from, to);
      output.add("\r\n");
    }
  }

  /** What has come of the answer so far goes out. Returns false when the client should be waited for. */
  flush(): boolean {
    return this.isOver || this.#client.output.flush();
  }

  /** The answer is whole. */
  finish(trailers: string): void {
    const upstream = this.#release();
    if (upstream !== null) this.#context.members.answered(upstream);
    if (this.isOver) return;
    if (this.#outward === Framing.chunked) this.#client.output.add(`0\r\n${trailers}\r\n`);
    this.#end(null);
  }

  /**
   * Whether the request is to be made elsewhere because this server answers with `status`, as `--retry-on` asks; then
   * `tryElsewhere` has to follow, and no answer.
   */
  mayGoElsewhere(status: number): boolean {
    const { settings, members, budget } = this.#context;
    if (!settings.retryOn.includes(status) || !this.isRepeatable || this.isOver || this.#upstream === null)
      return false;
    if (this.#attempts >= settings.attempts) return false;
    const other = members.choose(this.#key, [...this.#tried, this.#upstream]);
    return other !== null && other !== "policy-failed" && budget.take(performance.now());
  }

  /** Makes the request again, not here. */
  tryElsewhere(): void {
    const upstream = this.#release();
    if (upstream === null) return;
    this.#tried = [...this.#tried, upstream];
    upstream.counts.retries += 1;
    this.attempt();
  }

  /** Its server has no room for it, not even to wait. */
  turnedAway(): void {
    this.#release();
    this.refuse("overloaded");
  }

  /** The connection broke, or could not be made. `isFirst` is false for a request that stood behind another on it. */
  failed(failure: Failure, code: string, isFirst: boolean): void {
    const upstream = this.#release();
    if (upstream === null || this.isOver) return;
    this.#blame(upstream, failure, code);
    if (this.isAnswered) {
      this.#cut();
      return;
    }
    this.#tried = [...this.#tried, upstream];
    if (failure.unreached) this.#unreached = [...this.#unreached, upstream];
    else if (isFirst) this.#broken += 1;
    this.#failure = failure;
    const refusal = this.#refusalAfter(upstream, failure);
    if (refusal !== null) {
      this.refuse(refusal);
      return;
    }
    upstream.counts.retries += 1;
    this.attempt();
  }

  /** Why the request is not made again; null when it is. A server that was never reached costs the others nothing. */
  #refusalAfter(upstream: Upstream, failure: Failure): Refusal | null {
    const isSpent = this.#attempts >= this.#context.settings.attempts || this.#broken >= maxBroken;
    const mayRepeat = failure.unreached || (failure.again && this.isRepeatable);
    if (isSpent || !mayRepeat) return failure.refusal;
    if (failure.unreached || this.#context.budget.take(performance.now())) return null;
    upstream.counts.retriesRefused += 1;
    return "retry-budget";
  }

  #blame(upstream: Upstream, failure: Failure, code: string): void {
    const { members } = this.#context;
    if (failure.blame) {
      upstream.counts.failures += 1;
      upstream.lastError = code;
    }
    if (failure.unreached) members.checked(upstream, code);
    // Answers that are too late do not come from one event, as connections do that break together: each counts.
    const isLate = failure === failures.answerTimeout;
    if (failure.lost) members.lost(upstream, code, isLate ? performance.now() : this.#attemptBegan);
  }

  /** The answer broke off in the middle: the client must not take it for whole. */
  #cut(): void {
    this.isOver = true;
    this.#done(null, "broken-off");
    this.#client.reset();
  }

  /** Answers in the balancer's own name. */
  refuse(reason: Refusal): void {
    if (this.isOver) return;
    this.#leave();
    const answer = withoutBody(this, refusalAnswer(reason, this.#ownLines()));
    if (this.entry !== null) this.entry.answerBytes = bodyLength(answer);
    this.#client.output.add(answer);
    this.#end(reason);
  }

  /** The client has gone. */
  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#leave();
    this.#done(null, "client-left");
  }

  /** The client is sent away, with `answer`. */
  breakOff(reason: Refusal, answer: string): void {
    this.isOver = true;
    this.#leave();
    if (this.entry !== null) this.entry.answerBytes = bodyLength(answer);
    this.#done(reason, reason);
  }

  #leave(): void {
    const { connection } = this;
    this.#release();
    this.connection = null;
    connection?.abandon(this);
  }

  /** Lines of ours for the head of an answer. */
  #ownLines(): string {
    let lines = this.#context.settings.via ? viaLine : "";
    if (this.#attempts > 1) lines += `X-Lbctl-Attempts: ${this.#attempts}\r\n`;
    if (this.#showsKey) lines += `X-Request-Id: ${this.#key}\r\n`;
    if (!this.#lasts) return `${lines}Connection: close\r\n`;
    return this.#minor === 0 ? `${lines}Connection: keep-alive\r\n` : lines;
  }

  /** Whether the client's connection lasts after this answer. */
  get #lasts(): boolean {
    // A client that waits with its body may leave it out after another answer than 100: what would come next?
    const isUnsure = this.#expects && !this.#client.isWhole;
    return !this.isLast && !isUnsure && !this.#context.closing && this.#outward !== Framing.close;
  }

  /** The attempt under way is over; returns the server that it was made at. */
  #release(): Upstream | null {
    const upstream = this.#upstream;
    this.#upstream = null;
    if (upstream !== null) end(upstream);
    return upstream;
  }

  #end(refusal: Refusal | null): void {
    this.isOver = true;
    this.#done(refusal, refusal);
    this.#client.answered(this.#lasts);
  }

  /** The head of the answer is there. */
  #logAnswer(status: number): void {
    if (this.entry === null) return;
    this.entry.status = status;
    this.entry.firstByteMs = performance.now() - this.#began;
  }

  /** Counts and logs the request: it is over, and `reason` says why it did not go as it should. */
  #done(refusal: Refusal | null, reason: string | null): void {
    const { entry } = this;
    const status = refusal === null ? null : statusOf(refusal);
    const durationMs = performance.now() - this.#began;
    this.#context.done(durationMs / 1000, status);
    if (entry === null) return;
    if (status !== null) entry.status = status;
    entry.attempts = this.#attempts;
    entry.durationMs = durationMs;
    // A tunnel ends when either side leaves.
    entry.reason = entry.status === 101 ? null : reason;
    this.#context.log?.add(entry);
  }
}

const none: readonly Upstream[] = [];
const viaLine = "Via: 1.1 lbctl\r\n";
