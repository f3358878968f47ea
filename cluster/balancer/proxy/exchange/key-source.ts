import type { RequestHead } from "../../../../src/http1/index.ts";
import type { KeySource } from "../../config/hash-key.ts";
import { clientAddress, type TrustedProxies } from "../../config/trusted-proxies.ts";
import type { Peer } from "../contract.ts";

/** A request as its key is read from it. */
export class RequestKeySource implements KeySource {
  readonly #head: RequestHead;
  readonly #peer: Peer;
  readonly #trust: TrustedProxies;

  constructor(head: RequestHead, peer: Peer, trust: TrustedProxies) {
    this.#head = head;
    this.#peer = peer;
    this.#trust = trust;
  }

  get target(): string {
    return this.#head.path;
  }

  /** The address that a trusted peer names, or the peer's own. */
  get clientAddress(): string {
    const { address, isTrusted } = this.#peer;
    return isTrusted ? clientAddress(address, this.field("x-forwarded-for"), this.#trust) : address;
  }

  field(name: string): string | undefined {
    return this.#head.fields.find(name, this.#head.text);
  }
}
