import type { RequestHead } from "../../../src/http1/index.ts";
import type { KeySource } from "../config/hash-key.ts";
import { clientAddress, type TrustedProxies } from "../config/trusted-proxies.ts";
import type { Client } from "./client.ts";

/** A request as keys are read from it: one at a time, and so by the same object. */
class RequestSource implements KeySource {
  #head: RequestHead | null = null;
  #client: Client | null = null;
  #trust: TrustedProxies | null = null;

  of(head: RequestHead, client: Client, trust: TrustedProxies): this {
    this.#head = head;
    this.#client = client;
    this.#trust = trust;
    return this;
  }

  get target(): string {
    return this.#head?.path ?? "";
  }

  get clientAddress(): string {
    const { address = "", trusted = false } = this.#client?.sender ?? {};
    return trusted && this.#trust !== null
      ? clientAddress(address, this.field("x-forwarded-for"), this.#trust)
      : address;
  }

  field(name: string): string | undefined {
    return this.#head?.fields.find(name, this.#head.text);
  }
}

export const source = new RequestSource();
