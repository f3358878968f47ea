import { askedSpec } from "../config.ts";
import type { Context, Flags } from "../context.ts";
import { type ExitCode as Code, ExitCode, UserError } from "../errors.ts";
import { chooseDriver } from "../fleet/choose-driver.ts";
import { changeFleet, fleetStatus, removeFleet } from "../fleet/client.ts";
import { ensureImages } from "../fleet/images.ts";
import { type FleetSpec, maxServers, resized } from "../fleet/spec.ts";
import { type FleetFolder, fleetFolder } from "../fleet/state.ts";
import { serverCounts } from "../numbers.ts";
import { defaultHash, defaultPolicy, parseHash, parsePolicies } from "../placement/index.ts";
import { analyzeTable } from "../report/analyze-table.ts";
import type { AnalyzeResult, StudyPoint } from "../report/run.ts";
import { claimRun, releaseRun } from "../report/store.ts";
import { clientAddress } from "../simulate/client-keys.ts";
import { liveStudy } from "../study/live.ts";
import { type Way, waysOf } from "../study/point.ts";
import { mostServers } from "../study/scenario.ts";
import { simulatedStudy } from "../study/simulated.ts";
import type { Progress } from "../terminal.ts";
import { type BurstFlags, burstFlags } from "./burst-flags.ts";
import { saveAndDraw } from "./save.ts";

interface Asked extends BurstFlags {
  readonly servers: readonly number[];
  readonly ways: readonly Way[];
  readonly keyOf: (index: number) => string;
}

/** What a study brought: its points, and what ended it early, if anything. */
interface Outcome {
  readonly points: StudyPoint[];
  readonly failure: unknown;
}

/** Studies policies across server counts, live or offline, saves the run and shows it. */
export async function run(context: Context): Promise<Code | undefined> {
  const { terminal, flags, signal } = context;
  const mode = flags.is("simulate") ? "simulate" : "live";
  const asked = askedStudy(flags, mode === "simulate" ? mostServers : maxServers);
  const name = await claimRun(asked.out, "analyze");
  const startedAt = new Date();
  const progress = await terminal.progress("studying");
  const study = mode === "simulate" ? simulated(asked, progress, signal) : live(context, asked, progress);
  const { points, failure } = await study.finally(progress.clear).catch((error) => ({ points: [], failure: error }));
  if (points.length === 0) await releaseRun(asked.out, name);
  else
    await saveAndShow(context, asked.out, startedAt, {
      schemaVersion: 1,
      run: name,
      mode,
      results: points,
      charts: [],
    });
  if (signal.aborted) {
    terminal.note(points.length > 0 ? "Interrupted; the steps that were finished are saved." : "Interrupted.");
    return ExitCode.interrupted;
  }
  if (failure !== null) throw failure;
  return points.every((point) => point.count === 0) ? ExitCode.failed : undefined;
}

function askedStudy(flags: Flags, most: number): Asked {
  const burst = burstFlags(flags);
  const hashes = (flags.text("hash") ?? defaultHash).split(",").map((hash) => parseHash(hash.trim()));
  return {
    ...burst,
    servers: serverCounts(flags.text("servers") ?? "", most),
    ways: waysOf(parsePolicies(flags.text("policy") ?? defaultPolicy), hashes),
    keyOf: (index) => clientAddress(index % burst.clients, burst.seed),
  };
}

async function saveAndShow(context: Context, out: string, startedAt: Date, result: AnalyzeResult): Promise<void> {
  const saved = await saveAndDraw(context, out, startedAt, { kind: "analyze", result });
  context.terminal.result(result, () => analyzeTable(result, context.terminal));
  context.terminal.note(saved);
}

const simulated = async (asked: Asked, progress: Progress, signal: AbortSignal): Promise<Outcome> => ({
  points: await simulatedStudy({
    ...asked,
    onProgress: (share) => progress.update(`simulating: ${Math.round(share * 100)} %`),
    signal,
  }),
  failure: null,
});

/** On the running fleet, which is put back as it was; or on one of its own, which is taken down. */
async function live(context: Context, asked: Asked, progress: Progress): Promise<Outcome> {
  const { fleet, signal } = context;
  const folder = fleetFolder(fleet);
  const running = await fleetStatus(folder);
  if (running && running.spec.key !== "client-ip")
    throw new UserError(
      `The fleet "${fleet}" hashes ${running.spec.key}; a study sends client addresses: \`lbctl policy --key client-ip\` first.`,
    );
  const spec = running?.spec ?? (await ownFleet(context, asked, progress));
  const onProgress = (text: string, share: number) => progress.update(`${Math.round(share * 100)} % · ${text}`);
  const { points, failure } = await liveStudy({ ...asked, folder, spec, onProgress, signal });
  const notPutBack = await putBack(folder, running?.spec ?? null, progress).catch((error: unknown) => error);
  // Steps come in the order in which the fleet was scaled; people read them way by way.
  const byWay = asked.ways.flatMap((_, way) => points.filter((_, i) => i % asked.ways.length === way));
  return { points: byWay, failure: failure ?? notPutBack ?? null };
}

async function ownFleet({ flags, signal }: Context, asked: Asked, progress: Progress): Promise<FleetSpec> {
  const { driver } = await chooseDriver(flags.text("driver"), null);
  const images = driver === "compose" ? await ensureImages(undefined, progress.update, signal) : null;
  const only = { ...flags, text: (name: string) => (name === "port" ? flags.text(name) : undefined) };
  return resized({ ...askedSpec(only, driver, null), images }, asked.servers[0] ?? 1);
}

/** Not interruptible: Ctrl-C ends the study, and this is what follows it. A fleet that was taken down stays down. */
async function putBack(folder: FleetFolder, before: FleetSpec | null, progress: Progress): Promise<void> {
  if (!before) await removeFleet(folder);
  else if (await fleetStatus(folder))
    await changeFleet(folder, () => before, progress.update, new AbortController().signal);
}
