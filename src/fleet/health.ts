import { request } from "undici";

/** How often to look while waiting for something to become healthy, in milliseconds. */
const pollMs = 25;

/** Calls `look` until it is true; throws what `onTimeout` makes when `timeoutMs` have passed, or when aborted. */
export async function waitUntil(
  look: () => Promise<boolean>,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly onTimeout: () => Error },
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal.throwIfAborted();
    if (await look()) return;
    if (performance.now() > deadline) throw options.onTimeout();
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Whether a GET is answered with 200 within a second. */
export async function answers(url: string): Promise<boolean> {
  try {
    const answer = await request(url, {
      headersTimeout: 1_000,
      bodyTimeout: 1_000,
      signal: AbortSignal.timeout(1_000),
    });
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}
