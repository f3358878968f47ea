import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/**
 * The body as a stream of its own for one attempt. It reads nothing until the connection is made, so that the body is
 * whole for a second attempt; and its end, however bad, leaves the client's connection alone.
 */
export function bodyOf(request: IncomingMessage): Readable {
  const body = Readable.from(chunksOf(request), { objectMode: false });
  return body.on("error", () => {});
}

async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk;
}
