import type { SendHandle } from "node:child_process";
import { type Accepted, closeAccepted } from "../proxy/listener.ts";
import type { WorkerHandle } from "./handle.ts";
import type { ToWorker } from "./messages.ts";

const message: ToWorker = { type: "connection" };

/** Deals out connections: each goes to the worker that has fewest. */
export class ConnectionDispatcher {
  readonly #slots: ReadonlySet<WorkerHandle>;
  /** Those for which there is no worker at the moment. */
  #waiting: Accepted[] = [];
  /** Connections wait where there is no worker. */
  #holds = true;
  #isClosed = false;

  constructor(slots: ReadonlySet<WorkerHandle>) {
    this.#slots = slots;
  }

  /** Gives a connection to a worker, as soon as there is one. */
  deal(accepted: Accepted): void {
    const slot = this.#least();
    if (slot !== null) this.#give(slot, accepted);
    else if (this.#holds) this.#waiting.push(accepted);
    else closeAccepted(accepted);
  }

  /** A worker has come. */
  welcome(slot: WorkerHandle): void {
    slot.isReady = true;
    this.#holds = !this.#isClosed;
    for (const accepted of this.#waiting.splice(0)) this.deal(accepted);
  }

  /** A worker has ended: others have what was on its way to it. */
  part(slot: WorkerHandle): void {
    slot.isReady = false;
    const lost = [...slot.sending];
    slot.sending.clear();
    for (const accepted of lost) this.deal(accepted);
  }

  /** No worker is to come any more. */
  close(): void {
    this.#isClosed = true;
    this.letGo();
  }

  /** Until a worker comes, none is waited for. */
  letGo(): void {
    this.#holds = false;
    for (const accepted of this.#waiting.splice(0)) closeAccepted(accepted);
  }

  #least(): WorkerHandle | null {
    let least: WorkerHandle | null = null;
    for (const slot of this.#slots) if (slot.isReady && (least === null || loadOf(slot) < loadOf(least))) least = slot;
    return least;
  }

  #give(slot: WorkerHandle, accepted: Accepted): void {
    slot.given += 1;
    slot.sending.add(accepted);
    // Sockets are not the only handles that cross (Node's `cluster` sends these), but its types know no others.
    slot.worker.send(message, accepted as unknown as SendHandle, {}, (error) => {
      if (!slot.sending.delete(accepted)) return;
      if (error === null) closeAccepted(accepted);
      else {
        // It hears nothing more: it is about to end.
        slot.isReady = false;
        this.deal(accepted);
      }
    });
  }
}

/** Connections that a worker has, and those that it will have when it has read what was sent. */
const loadOf = ({ connections, given, taken }: WorkerHandle): number => connections + given - taken;
