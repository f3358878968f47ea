import type { IncomingMessage } from "node:http";
import { ControlError } from "./auth.ts";

/** The most that the control port reads. */
const MAX_BYTES = 1024 * 1024;

/** Reads a whole JSON body; undefined for an empty one. Throws a ControlError for one that is too large or no JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ControlError(400, "json", "The body is not JSON.");
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new ControlError(413, "too-large", `The body has more than ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
