import { Client } from "undici";
import { UserError } from "../errors.ts";
import type { Driver } from "./driver.ts";

/** How often to look while waiting for something to become healthy, in milliseconds. */
const POLL_MS = 25;

/** How long a new server or balancer may take to become healthy. */
const HEALTHY_WITHIN_MS = 30_000;
/** How long an instance may seem to have ended while it is being started. */
const STARTING_MS = 250;

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
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Whether a GET gets a response of status 200 within a second. */
export async function respondsOk(url: string): Promise<boolean> {
  const { origin, pathname, search } = new URL(url);
  const client = new Client(origin);
  try {
    const signal = AbortSignal.timeout(1_000);
    const response = await client.request({ method: "GET", path: pathname + search, signal });
    await response.body.dump();
    return response.statusCode === 200;
  } catch {
    return false;
  } finally {
    await client.destroy();
  }
}

/** Waits until `look` is true of one instance; gives up at once, with its last words, when the instance has ended. */
export async function untilHealthy(
  driver: Driver,
  name: string,
  signal: AbortSignal,
  look: () => Promise<boolean>,
): Promise<void> {
  const started = performance.now();
  const lookUnlessEnded = async () => {
    if (await look()) return true;
    if (performance.now() - started < STARTING_MS) return false;
    const ended = (await driver.observe()).some((one) => one.name === name && !one.running);
    if (ended) throw new UserError(`${name} ended as it started. ${await lastWords(driver, name)}`);
    return false;
  };
  const onTimeout = () => new UserError(`${name} did not become healthy within 30 s: see \`lbctl logs ${name}\`.`);
  await waitUntil(lookUnlessEnded, { timeoutMs: HEALTHY_WITHIN_MS, signal, onTimeout });
}

async function lastWords(driver: Driver, name: string): Promise<string> {
  const lines: string[] = [];
  const signal = new AbortController().signal;
  await driver.logs(name, { lines: 1, follow: false, signal, write: (line) => lines.push(line) }).catch(() => {});
  return lines.length > 0 ? `Its last words: ${lines.join(" ")}` : "It said nothing.";
}
