import type { Socket } from "node:net";
import type { AccessLogEntry } from "../telemetry/access-log-entry.ts";
import type { PlaneContext } from "./context.ts";
import { Output } from "./output.ts";

/** Two connections that pass on whatever comes, since a server has agreed to another protocol (RFC 9110, 7.8). */
export class Tunnel {
  readonly #context: PlaneContext;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #toClient: Output;
  readonly #toServer: Output;
  /** Bytes on the client's socket before it became a tunnel. */
  readonly #readBefore: number;
  readonly #writtenBefore: number;
  #deadline = 0;

  /** `ahead` are bytes of the new protocol that the client has sent already. */
  constructor(context: PlaneContext, client: Socket, server: Socket, ahead: Buffer | null) {
    this.#context = context;
    this.#client = client;
    this.#server = server;
    this.#toClient = new Output(client);
    this.#toServer = new Output(server);
    this.#readBefore = client.bytesRead - (ahead?.length ?? 0);
    this.#writtenBefore = client.bytesWritten;
    join(client, server);
    join(server, client);
    if (ahead !== null) this.fromClient(ahead);
    if (client.readableEnded) server.end();
    client.resume();
    server.resume();
    this.#goOn();
  }

  /** Takes bytes from a buffer that is used again. */
  fromClient(bytes: Buffer): void {
    this.#goOn();
    this.#toServer.addData(bytes, 0, bytes.length);
    if (!this.#toServer.flush()) this.#client.pause();
  }

  /** The same the other way. */
  fromServer(bytes: Buffer): void {
    this.#goOn();
    this.#toClient.addData(bytes, 0, bytes.length);
    if (!this.#toClient.flush()) this.#server.pause();
  }

  /** Called now and then: ends a tunnel in which nothing has moved for long. */
  sweep(now: number): void {
    if (now >= this.#deadline) this.#server.destroy();
  }

  /** Tells how much has gone by since there is a tunnel. */
  measure(entry: AccessLogEntry): void {
    entry.requestBytes = this.#client.bytesRead - this.#readBefore;
    entry.answerBytes = this.#client.bytesWritten - this.#writtenBefore;
  }

  #goOn(): void {
    this.#deadline = this.#context.now + this.#context.settings.tunnelTimeoutMs;
  }
}

/** What happens to one end happens to the other. */
function join(one: Socket, other: Socket): void {
  one.on("end", () => other.end());
  one.on("drain", () => other.resume());
  one.on("close", () => {
    // Where both ways have ended, what was sent last may still be on its way to the other end.
    if (!one.readableEnded || !one.writableFinished) other.destroy();
  });
}
