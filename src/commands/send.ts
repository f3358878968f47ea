import { join } from "node:path";
import { isAddress } from "../config.ts";
import type { Context } from "../context.ts";
import { type ExitCode as Code, ExitCode, usageError } from "../errors.ts";
import { unmetExpectations } from "../expectations.ts";
import { runningFleet } from "../fleet/client.ts";
import { fleetFolder } from "../fleet/state.ts";
import { sendTable } from "../report/tables/send-table.ts";
import { saveHits } from "../results/hits.ts";
import type { SendResult } from "../results/run.ts";
import { claimRun, releaseRun } from "../results/store.ts";
import { type BurstSeen, type ObservedBurst, observedBurst } from "../study/observed-burst.ts";
import { sendResult } from "../study/send-result.ts";
import { clientAddress } from "../workload/client-keys.ts";
import { burstFlags } from "./burst-flags.ts";
import { saveAndDraw } from "./save.ts";

const LARGEST_BODY = 16 * 2 ** 20;

/** Sends a burst through the fleet's balancer, saves the run and shows it. */
export async function run(context: Context): Promise<Code | undefined> {
  const { terminal, flags, signal } = context;
  const asked = burstFlags(flags);
  const expectations = flags.text("expect") ?? "";
  const bodyBytes = flags.whole("body", 0, LARGEST_BODY);
  const body = bodyBytes === undefined ? null : Buffer.alloc(bodyBytes, "x");
  unmetExpectations(expectations, null);
  const folder = fleetFolder(context.fleet);
  const { spec } = await runningFleet(folder);
  const keyOf = keys(flags.text("key"), spec.key, asked.clients, asked.seed);
  const run = await claimRun(asked.out, "send");
  const startedAt = new Date();
  const seen = await observe(context, { ...asked, folder, spec, keyOf, body }, join(asked.out, run)).catch(
    async (error) => {
      await releaseRun(asked.out, run);
      throw error;
    },
  );
  const result = sendResult(run, distinctKeys(flags.text("key"), asked.clients), seen);
  const saved = await saveAndDraw(context, asked.out, startedAt, { kind: "send", result });
  terminal.result(result, () => sendTable(result, terminal));
  terminal.note(saved);
  if (signal.aborted) terminal.note(`Interrupted after ${result.count} requests; what was seen is saved.`);
  if (seen.gaveUp)
    terminal.note(
      `Nothing responds any more: ${asked.count - result.count} requests were not sent. See \`lbctl status\`.`,
    );
  return exitCode(context, result, expectations);
}

type Burst = Pick<ObservedBurst, "folder" | "spec" | "count" | "concurrency" | "timeoutMs" | "keyOf" | "body">;

/** Sends the burst, showing how far it is, and writes down its hits where that is asked for. */
async function observe({ terminal, flags, signal }: Context, burst: Burst, run: string): Promise<BurstSeen> {
  const hits = flags.is("save-hits") ? await saveHits(join(run, "hits.csv")) : null;
  const progress = await terminal.progress(`sending ${burst.count} requests`);
  const onProgress = (done: number) => progress.update(`${done} of ${burst.count} requests`);
  try {
    const onHit = hits ? { onHit: hits.write } : {};
    return await observedBurst({ ...burst, ...onHit, onProgress, signal });
  } finally {
    await hits?.close();
    progress.clear();
  }
}

function exitCode({ terminal, signal }: Context, result: SendResult, expectations: string): Code | undefined {
  if (signal.aborted) return ExitCode.interrupted;
  const unmet = unmetExpectations(expectations, result);
  for (const sentence of unmet) terminal.note(sentence);
  if (unmet.length > 0) return ExitCode.thresholdMissed;
  // With --expect it is for the conditions to say how many failures are too many.
  return result.failed > 0 && expectations === "" ? ExitCode.failed : undefined;
}

/** A key without {n} is one client, however many there might be. */
const distinctKeys = (template: string | undefined, clients: number): number =>
  template === undefined || template.includes("{n}") ? clients : 1;

/** The key of each request: simulated client addresses, or what --key says with {n} counting through the clients. */
function keys(template: string | undefined, kind: string, clients: number, seed: number): (index: number) => string {
  if (template === undefined && kind === "client-ip") return (index) => clientAddress(index % clients, seed);
  const pattern = template ?? "key-{n}";
  if (kind === "request-id" && template !== undefined)
    throw usageError("This fleet hashes a random request id, which the balancer makes: leave out --key.");
  const last = pattern.replaceAll("{n}", String(clients - 1));
  if (kind === "client-ip" && !isAddress(last))
    throw usageError(
      `This fleet hashes the client's address: --key takes one such as 10.1.2.3, which "${last}" is not.`,
    );
  return (index) => pattern.replaceAll("{n}", String(index % clients));
}
