import type { Socket } from "node:net";
import {
  type BodyReader,
  Field,
  Framing,
  type RequestHead,
  type ResponseHead,
  requestFraming,
} from "../../../src/http1/index.ts";
import { countAnswer } from "../cluster/host.ts";
import { type AccessLogEntry, newAccessLogEntry } from "../telemetry/access-log-entry.ts";
import { Attempts } from "./attempts.ts";
import type { Client } from "./client.ts";
import type { PlaneContext } from "./context.ts";
import { type Failure, isIdempotent, isSafe } from "./failure.ts";
import { addRun, KeptBody } from "./kept-body.ts";
import { bodyLength, withoutBody } from "./own.ts";
import { idOf, type Refusal, refusalAnswer, statusOf } from "./refusal.ts";
import { Reply } from "./reply.ts";
import { wantsUpgrade } from "./request-fields.ts";
import type { ServerConnection } from "./server-connection.ts";
import { source } from "./source.ts";
import type { Tunnel } from "./tunnel.ts";

/** A request on its way through the balancer: one or more attempts at servers, one answer. */
export class Exchange {
  readonly method: string;
  readonly upgrades: boolean;
  /** It may share a connection with others under way. What stands behind an upgrade would go into its tunnel, and behind a HEAD some servers send the body that it should not have. */
  readonly mayShare: boolean;
  /** The connection that it was given to. */
  connection: ServerConnection | null = null;
  /** Nobody waits for the answer any more. */
  isOver = false;
  /** What the access log is to tell; null where there is none. */
  readonly entry: AccessLogEntry | null;
  /** The head of the answer has been passed on. */
  isAnswered = false;
  readonly #context: PlaneContext;
  readonly #client: Client;
  /** The head for the server. */
  readonly #head: string;
  readonly #isIdempotent: boolean;
  /** Null where there is no body, or none that may be sent twice. */
  readonly #kept: KeptBody | null;
  readonly #began = performance.now();
  readonly #key: string;
  /** Tells the client its key as `X-Request-Id`. */
  readonly #showsKey: boolean;
  readonly #attempts: Attempts;
  readonly #reply: Reply;

  /** All that is needed of `head` is taken from it here: its reader goes on to the next request. */
  constructor(context: PlaneContext, client: Client, head: RequestHead) {
    const framing = requestFraming(head);
    const { view } = context.members;
    this.#context = context;
    this.#client = client;
    this.#reply = new Reply(context, client, head);
    this.method = head.method;
    this.upgrades = wantsUpgrade(head, framing);
    const hasBody = framing !== Framing.none;
    this.#isIdempotent = isIdempotent(head.method);
    this.#kept = this.#isIdempotent && hasBody ? new KeptBody(context.settings.retryBodyBytes) : null;
    this.mayShare = isSafe(head.method) && !hasBody && !this.upgrades && !this.#reply.expects && head.method !== "HEAD";
    this.#head = client.fields.write(head, framing, this.upgrades);
    const request = source.of(head, client, context.trust);
    this.#key = view.readKey(request);
    this.entry =
      context.log && newAccessLogEntry(request.clientAddress, head.method, request.target, view.tellKey(this.#key));
    this.#showsKey = view.key.kind === "request-id";
    this.#attempts = new Attempts(context, this.#key, this.#began);
  }

  /** The client's connection ends with the answer. */
  get isLast(): boolean {
    return this.#reply.isLast;
  }

  /** It may be made twice: all that has been sent of it is still here. */
  get #isRepeatable(): boolean {
    return this.#isIdempotent && (this.#kept === null || this.#kept.text !== null);
  }

  /** What is sent at once: the head for the server, and what has been sent of the body to another. */
  get opening(): string {
    return this.#head + (this.#kept?.text ?? "");
  }

  /** All of it has come from the client. */
  get isWhole(): boolean {
    return this.#client.isWhole;
  }

  /** Gives the request to the next server that will have it. */
  attempt(): void {
    const host = this.#attempts.begin();
    if (typeof host === "string") {
      this.refuse(host);
      return;
    }
    if (this.entry !== null) this.entry.server = host.name;
    this.#context.pools.of(host).send(this);
  }

  /** Whether the present attempt was begun so many milliseconds ago. */
  isLate(now: number, ms: number): boolean {
    return this.#attempts.isLate(now, ms);
  }

  /** The connection sends the opening: the rest of the body may follow. Returns whether the client sees to it that both go out. */
  sent(connection: ServerConnection): boolean {
    this.connection = connection;
    if (this.isWhole) return false;
    if (!this.#client.isReading) this.#client.resumeBody();
    return true;
  }

  /** Sends the run of the body that `body` has just found in `bytes`. Returns false when the server should be waited for. */
  sendBody(bytes: Buffer, body: BodyReader): boolean {
    if (this.#kept !== null) addRun(this.#kept, bytes, body);
    return this.connection?.sendBody(bytes, body) === true;
  }

  /** The server can take more of the body. */
  serverDrained(): void {
    this.#client.resume();
  }

  /** An interim answer (RFC 9110, 15.2). */
  interim(head: ResponseHead): void {
    if (!this.isOver) this.#reply.interim(head);
  }

  /** Whether a 101 was asked for. */
  mayTunnel({ fields }: ResponseHead): boolean {
    return this.upgrades && !this.isOver && (fields.present & (1 << Field.upgrade)) !== 0;
  }

  /** The client's connection and the server's are one from here on. */
  upgrade(head: ResponseHead, server: Socket): Tunnel {
    this.#answered(101);
    this.#reply.upgrade(head);
    return this.#client.openTunnel(server);
  }

  /** The head of the answer, whose body ends as `framing` says. */
  answer(head: ResponseHead, framing: Framing): void {
    this.#answered(head.status);
    if (!this.isOver) this.#reply.begin(head, framing, this.#ownLines(), this.#showsKey);
  }

  /** A run of the answer's body, in a buffer that is used again. */
  data(bytes: Buffer, from: number, to: number): void {
    if (this.isOver || from === to) return;
    if (this.entry !== null) this.entry.answerBytes += to - from;
    this.#reply.data(bytes, from, to);
  }

  /** What has come of the answer so far goes out. Returns false when the client should be waited for. */
  flush(): boolean {
    return this.isOver || this.#client.output.flush();
  }

  /** The answer is whole. */
  finish(trailers: string): void {
    const host = this.#attempts.end();
    if (host !== null) this.#context.members.answered(host);
    if (this.isOver) return;
    this.#reply.end(trailers);
    this.#end(null);
  }

  /**
   * Whether the request is to be made elsewhere because this server answers with `status`, as `--retry-on` asks; then
   * `tryElsewhere` has to follow, and no answer.
   */
  mayGoElsewhere(status: number): boolean {
    return this.#isRepeatable && !this.isOver && this.#attempts.mayGoElsewhere(status);
  }

  /** Makes the request again, not here. */
  tryElsewhere(): void {
    if (this.#attempts.leave()) this.attempt();
  }

  /** Its server has no room for it, not even to wait. */
  turnedAway(): void {
    this.#attempts.end();
    this.refuse("overloaded");
  }

  /** The connection broke, or could not be made. `isFirst` is false for a request that stood behind another on it. */
  failed(failure: Failure, code: string, isFirst: boolean): void {
    const host = this.#attempts.end();
    if (host === null || this.isOver) return;
    this.#attempts.blame(host, failure, code);
    if (this.isAnswered) {
      this.#cut();
      return;
    }
    const refusal = this.#attempts.failed(host, failure, this.#isRepeatable, isFirst);
    if (refusal === null) this.attempt();
    else this.refuse(refusal);
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
    const answer = withoutBody(this, refusalAnswer(reason, this.#reply.lines(this.#ownLines())));
    this.#logRefusal(answer);
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
    this.#logRefusal(answer);
    this.#done(reason, reason);
  }

  #leave(): void {
    const { connection } = this;
    this.#attempts.end();
    this.connection = null;
    connection?.abandon(this);
  }

  /** Lines for the head of the answer that say how it came about. */
  #ownLines(): string {
    const { count } = this.#attempts;
    const attempts = count > 1 ? `X-Lbctl-Attempts: ${count}\r\n` : "";
    return this.#showsKey ? `${attempts}X-Request-Id: ${this.#key}\r\n` : attempts;
  }

  #end(refusal: Refusal | null): void {
    this.isOver = true;
    this.#done(refusal, refusal);
    this.#client.answered(this.#reply.lasts);
  }

  /** The head of the answer is there. */
  #answered(status: number): void {
    const { host } = this.#attempts;
    if (host !== null) countAnswer(host, status);
    this.isAnswered = true;
    this.#kept?.drop();
    if (this.entry === null || this.isOver) return;
    this.entry.status = status;
    this.entry.firstByteMs = performance.now() - this.#began;
  }

  #logRefusal(answer: string): void {
    if (this.entry === null) return;
    this.entry.answerBytes = bodyLength(answer);
    this.entry.id = idOf(answer);
  }

  /** Counts and logs the request: it is over, and `reason` says why it did not go as it should. */
  #done(refusal: Refusal | null, reason: string | null): void {
    const { entry } = this;
    const status = refusal === null ? null : statusOf(refusal);
    const durationMs = performance.now() - this.#began;
    this.#context.done(durationMs / 1000, status);
    if (entry === null) return;
    if (status !== null) entry.status = status;
    entry.attempts = this.#attempts.count;
    entry.durationMs = durationMs;
    // A tunnel ends when either side leaves.
    entry.reason = entry.status === 101 ? null : reason;
    this.#context.log?.add(entry);
  }
}
