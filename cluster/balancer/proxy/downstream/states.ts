import { INCOMPLETE, INVALID, type RequestHead, readProxyHeader } from "../../../../src/http1/index.ts";
import { normalizeIp } from "../../config/address.ts";
import type { Clock, Downstream, RequestDispatcher, RequestError, RequestHandler } from "../contract.ts";
import type { HeadReaders } from "../io/head-readers.ts";
import type { Input } from "../io/input.ts";
import type { ByteStream } from "../io/stream.ts";
import type { ClientPeer, PeerContext } from "./peer.ts";
import type { RequestBody } from "./request-body.ts";
import { requestErrorOf } from "./request-error.ts";

/** Reading stops with more bytes than this behind a request whose response is not complete. */
const MAX_HELD = 65_536;
/** `--half-close cut`: how long a client that sends no more may take nothing of its response, in milliseconds. */
const HALF_CLOSED_MS = 1_000;

/** What the states of all connections need. */
export interface StatesContext extends PeerContext {
  readonly readers: HeadReaders;
  readonly clock: Clock;
  readonly dispatcher: RequestDispatcher;
}

/** A client's connection, as its states see and change it. */
export interface Session extends Downstream {
  readonly context: StatesContext;
  readonly peer: ClientPeer;
  readonly stream: ByteStream;
  readonly input: Input;
  readonly body: RequestBody;
  state: State;
  /** When what is waited for is late, in milliseconds of `performance.now()`. */
  deadline: number;
  /** The head whose beginning has arrived. */
  partial: RequestHead | null;
  request: RequestHandler | null;
  /** The client has shut its sending side. */
  isHalfClosed: boolean;
  /** Bytes written when a half-closed client was last looked at. */
  written: number;
  /** The client asked for the end of the connection, and has sent nothing behind that request. */
  isLastRequest: boolean;
  readonly isBusy: boolean;
  /** Goes on to the next request. */
  next(): void;
  /** Reads no further request; the client gets what is written. */
  close(): void;
  /** Ends at once. */
  destroy(): void;
}

/** What is done in a state with bytes that arrive, when `deadline` passes, and with the client's FIN. */
interface State {
  /** Takes what stands at `at`; returns the offset to go on from, or -1 when there is no more to do. */
  readonly onData: (session: Session, bytes: Buffer, at: number) => number;
  readonly onDeadline: (session: Session, now: number) => void;
  readonly onEnd: (session: Session) => void;
}

/** The states of a client's connection, and what each event does in them. */
export const states = {
  /** Before the PROXY header. */
  proxyHeader: {
    onData: takeProxyHeader,
    onDeadline: destroyUnlessBusy,
    onEnd: (session) => session.destroy(),
  },
  /** Between two requests. Responses to a client that reads none would pile up: it has to read first. */
  idle: {
    onData: (session, bytes, at) =>
      session.stream.isSaturated ? holdAndPause(session, bytes, at) : takeHead(session, bytes, at),
    onDeadline: destroyUnlessBusy,
    // Requests that are held come first.
    onEnd: (session) => {
      if (session.input.held === null) session.close();
    },
  },
  /** A head has begun to arrive. */
  head: {
    onData: takeHead,
    onDeadline: (session) => rejectUnread(session, "request-timeout"),
    onEnd: (session) => session.close(),
  },
  /** A request is under way. */
  request: {
    onData: (session, bytes, at) => (session.body.isWhole ? hold(session, bytes, at) : takeBody(session, bytes, at)),
    onDeadline: onRequestDeadline,
    onEnd: onRequestEnd,
  },
  /** The response is complete and the body of the request is still arriving: it is drained. */
  drain: {
    onData: drainBody,
    onDeadline: destroyUnlessBusy,
    onEnd: (session) => session.close(),
  },
  /** Its stream belongs to another owner. */
  closed: { onData: () => -1, onDeadline: () => {}, onEnd: () => {} },
} as const satisfies Record<string, State>;

/** Who does not speak the PROXY protocol gets no response: what would it be taken for? */
function takeProxyHeader(session: Session, bytes: Buffer, at: number): number {
  const header = readProxyHeader(bytes, at, bytes.length);
  if (header === INCOMPLETE) return session.input.hold(bytes, at);
  if (header === INVALID) {
    session.destroy();
    return -1;
  }
  session.state = states.idle;
  const { peer } = session;
  const { address, next } = header;
  if (address !== null && peer.isTrusted && !peer.replaceAddress(normalizeIp(address)))
    rejectUnread(session, "too-many-connections");
  return next;
}

function takeHead(session: Session, bytes: Buffer, at: number): number {
  const { readers, clock, settings } = session.context;
  const head = session.partial ?? readers.takeRequest();
  const next = head.read(bytes, at, bytes.length);
  if (next === INCOMPLETE) {
    if (session.partial === null) session.deadline = clock.now + settings.headTimeoutMs;
    session.partial = head;
    session.state = states.head;
    return session.input.hold(bytes, at);
  }
  session.partial = null;
  if (next === INVALID) rejectUnread(session, requestErrorOf(head.parseError));
  else startRequest(session, head);
  readers.giveRequest(head);
  return next === INVALID ? -1 : next;
}

function startRequest(session: Session, head: RequestHead): void {
  session.state = states.request;
  session.deadline = Number.POSITIVE_INFINITY;
  session.isLastRequest = !head.keepAlive;
  session.body.begin(head);
  expectBody(session, session.context.clock.now);
  session.request = session.context.dispatcher.startRequest(head, session);
}

/** From `now` on some of the body has to arrive, until it is whole. */
export function expectBody(session: Session, now: number): void {
  if (session.body.isWhole) return;
  session.body.restart();
  session.deadline = now + session.context.settings.stallTimeoutMs;
}

/** Sends on a run of the body, once a server takes it. */
function takeBody(session: Session, bytes: Buffer, at: number): number {
  const { request, body, input } = session;
  if (request?.takesBody !== true) return holdAndPause(session, bytes, at);
  const next = body.read(bytes, at);
  if (body.error !== null) {
    request.reject(body.error);
    return -1;
  }
  if (!request.sendBody(bytes, body.reader)) input.pause();
  if (body.isWhole) session.deadline = Number.POSITIVE_INFINITY;
  return next;
}

/** Holds the bytes behind a request until its response is complete: an error in them is not an error of this request. */
function hold(session: Session, bytes: Buffer, at: number): number {
  const { request, input } = session;
  session.isLastRequest = false;
  if (request?.isLast === true) return -1;
  if (bytes.length - at > MAX_HELD) input.pause();
  return input.hold(bytes, at);
}

function holdAndPause({ input }: Session, bytes: Buffer, at: number): number {
  input.pause();
  return input.hold(bytes, at);
}

function drainBody(session: Session, bytes: Buffer, at: number): number {
  const { body } = session;
  const next = body.read(bytes, at);
  if (body.reader.parseError !== null || body.isTooMuchToDrop) session.destroy();
  else if (body.isWhole) session.next();
  return next;
}

function rejectUnread(session: Session, error: RequestError): void {
  session.isLastRequest = false;
  session.context.dispatcher.rejectUnread(error, session);
}

/** What is pending is waited for, as long as the client takes any of it. */
function destroyUnlessBusy(session: Session): void {
  if (!session.isBusy) session.destroy();
}

/** A client that has shut its sending side may wait for its response (HAProxy), or have left. */
function onRequestEnd(session: Session): void {
  if (!session.body.isWhole) session.destroy();
  else if (session.context.settings.halfClose === "cut") watchHalfClosed(session, session.context.clock.now);
}

function watchHalfClosed(session: Session, now: number): void {
  session.written = session.stream.bytesWritten;
  session.deadline = now + HALF_CLOSED_MS;
}

function onRequestDeadline(session: Session, now: number): void {
  if (session.isHalfClosed) {
    if (session.stream.bytesWritten === session.written) session.destroy();
    else watchHalfClosed(session, now);
    return;
  }
  const isSlow = !session.input.isPaused && session.body.isSlow;
  expectBody(session, now);
  if (isSlow) session.request?.reject("request-timeout");
}
