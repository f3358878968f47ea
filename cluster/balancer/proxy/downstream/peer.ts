import type { Endpoint } from "../../../listen.ts";
import { normalizeIp } from "../../config/address.ts";
import type { Settings } from "../../config/options.ts";
import type { TrustedProxies } from "../../config/trusted-proxies.ts";
import type { Peer } from "../contract.ts";
import { RequestFields } from "../headers/request-fields.ts";
import type { ByteStream } from "../io/stream.ts";

/** Counts the connections of each address. */
interface AddressLimits {
  /** Counts one more connection of a normalized address, unless it has too many; `release` has to follow. */
  acquire(address: string): boolean;
  release(address: string): void;
}

export interface PeerContext {
  readonly settings: Settings;
  readonly trust: TrustedProxies;
  readonly limits: AddressLimits;
}

/** The other end of a client's connection: who connected, or whom its PROXY header names. Both cost a system call; each is asked once. */
export class ClientPeer implements Peer {
  readonly #context: PeerContext;
  readonly #stream: ByteStream;
  #address: string | null = null;
  #isTrusted: boolean | null = null;
  #fields: RequestFields | null = null;
  /** The address whose connections this one counts among; null while it counts among none. */
  #acquired: string | null = null;

  constructor(context: PeerContext, stream: ByteStream) {
    this.#context = context;
    this.#stream = stream;
  }

  get address(): string {
    this.#address ??= normalizeIp(this.#stream.remoteAddress() ?? "");
    return this.#address;
  }

  get isTrusted(): boolean {
    this.#isTrusted ??= this.#context.trust.trusts(this.address);
    return this.#isTrusted;
  }

  get fields(): RequestFields {
    this.#fields ??= new RequestFields(this, this.#context.settings);
    return this.#fields;
  }

  localAddress(): Endpoint | null {
    return this.#stream.localAddress();
  }

  /** Counts among the connections of its address, where those are limited. Returns false when there are too many. */
  acquire(): boolean {
    if (this.#context.settings.maxClientConnections === 0) return true;
    if (!this.#context.limits.acquire(this.address)) return false;
    this.#acquired = this.address;
    return true;
  }

  /** It speaks for another address. Returns false when that has too many connections. */
  replaceAddress(address: string): boolean {
    this.release();
    this.#address = address;
    this.#isTrusted = null;
    this.#fields = null;
    return this.acquire();
  }

  /** Its connection has ended. */
  release(): void {
    if (this.#acquired !== null) this.#context.limits.release(this.#acquired);
    this.#acquired = null;
  }
}
