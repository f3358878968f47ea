import type { Socket } from "node:net";
import { formatAddress } from "../config/address.ts";
import type { PlaneContext } from "./context.ts";
import { RequestFields, type Sender } from "./request-fields.ts";

/** Who is at the far end of a client connection: its peer, or whom the PROXY protocol names. */
export class Visitor {
  sender: Sender;
  fields: RequestFields;
  readonly #context: PlaneContext;
  /** The address that it was let in by; null when it was not. */
  #entered: string | null;

  /** `address` is the peer's, normalized, and has been let in at the door. */
  constructor(context: PlaneContext, socket: Socket, address: string) {
    this.#context = context;
    this.#entered = address;
    // It costs a system call, and hardly any request needs it.
    const local = (): string => formatAddress({ host: socket.localAddress ?? "", port: socket.localPort ?? 0 });
    this.sender = { address, trusted: context.trust.trusts(address), local };
    this.fields = new RequestFields(this.sender, context.settings.via);
  }

  /** It is somebody else. Returns false when there is no room for another connection of that address. */
  becomes(address: string): boolean {
    const { trust, door, settings } = this.#context;
    this.leave();
    this.sender = { ...this.sender, address, trusted: trust.trusts(address) };
    this.fields = new RequestFields(this.sender, settings.via);
    if (door.enter(address)) this.#entered = address;
    else door.count();
    return this.#entered !== null;
  }

  /** Its connection has ended. */
  leave(): void {
    if (this.#entered !== null) this.#context.door.leave(this.#entered);
    this.#entered = null;
  }
}
