import type { SendHandle } from "node:child_process";
import { type Accepted, closeAccepted } from "../proxy/listener.ts";
import type { WorkerHandle } from "./handle.ts";
import type { ToWorker } from "./messages.ts";

const message: ToWorker = { type: "connection" };

/** Gives each connection to the worker that has the fewest. */
export class ConnectionDispatcher {
  readonly #handles: ReadonlySet<WorkerHandle>;
  /** Those for which there is no worker at the moment. */
  #held: Accepted[] = [];
  /** Connections are held where there is no worker. */
  #isHolding = true;
  #isClosed = false;

  constructor(handles: ReadonlySet<WorkerHandle>) {
    this.#handles = handles;
  }

  /** Gives a connection to a worker, as soon as there is one. */
  dispatch(accepted: Accepted): void {
    const handle = this.#leastLoaded();
    if (handle !== null) this.#send(handle, accepted);
    else if (this.#isHolding) this.#held.push(accepted);
    else closeAccepted(accepted);
  }

  /** A worker takes connections. */
  add(handle: WorkerHandle): void {
    handle.isReady = true;
    this.#isHolding = !this.#isClosed;
    for (const accepted of this.#held.splice(0)) this.dispatch(accepted);
  }

  /** A worker has ended: others get what was on its way to it. */
  remove(handle: WorkerHandle): void {
    handle.isReady = false;
    const unsent = [...handle.sending];
    handle.sending.clear();
    for (const accepted of unsent) this.dispatch(accepted);
  }

  /** No worker is to come any more. */
  close(): void {
    this.#isClosed = true;
    this.stopHolding();
  }

  /** Closes connections while there is no worker, rather than hold them. */
  stopHolding(): void {
    this.#isHolding = false;
    for (const accepted of this.#held.splice(0)) closeAccepted(accepted);
  }

  #leastLoaded(): WorkerHandle | null {
    let least: WorkerHandle | null = null;
    for (const handle of this.#handles)
      if (handle.isReady && (least === null || loadOf(handle) < loadOf(least))) least = handle;
    return least;
  }

  #send(handle: WorkerHandle, accepted: Accepted): void {
    handle.sent += 1;
    handle.sending.add(accepted);
    // Sockets are not the only handles that cross (Node's `cluster` sends these), but its types know no others.
    handle.worker.send(message, accepted as unknown as SendHandle, {}, (error) => {
      if (!handle.sending.delete(accepted)) return;
      if (error === null) closeAccepted(accepted);
      else {
        // It takes no more messages: it is about to end.
        handle.isReady = false;
        this.dispatch(accepted);
      }
    });
  }
}

/** Connections that a worker has, and those that it will have when it has read what was sent. */
const loadOf = ({ connections, sent, received }: WorkerHandle): number => connections + sent - received;
