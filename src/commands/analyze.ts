import { askedSpec } from "../config.ts";
import type { Context, Flags } from "../context.ts";
import { type ExitCode as Code, ExitCode, UserError, usageError } from "../errors.ts";
import { chooseDriver } from "../fleet/choose-driver.ts";
import { changeFleet, fleetStatus, removeFleet } from "../fleet/client.ts";
import { ensureImages } from "../fleet/images.ts";
import { type FleetSpec, MAX_SERVERS, resized } from "../fleet/spec.ts";
import { type FleetFolder, fleetFolder } from "../fleet/state.ts";
import { serverCounts } from "../numbers.ts";
import { defaultHash, defaultPolicy } from "../placement/index.ts";
import { analyzeTable } from "../report/tables/analyze-table.ts";
import type { AnalyzeResult, StudyPoint, Workload } from "../results/run.ts";
import { claimRun, releaseRun } from "../results/store.ts";
import { liveStudy } from "../study/live.ts";
import { type PolicyVariant, variantsOf } from "../study/point.ts";
import { studiedServers } from "../study/scenario.ts";
import { type LeftOut, simulatedStudy } from "../study/simulated.ts";
import type { Progress } from "../terminal.ts";
import { clientAddress } from "../workload/client-keys.ts";
import { type BurstFlags, burstFlags } from "./burst-flags.ts";
import { askedCharts } from "./charts.ts";
import { askedKeys } from "./key-flags.ts";
import { saveAndDraw } from "./save.ts";

interface Asked extends BurstFlags {
  readonly servers: readonly number[];
  readonly variants: readonly PolicyVariant[];
  readonly keyOf: (index: number) => string;
}

/** What a study brought: its points, and what ended it early, if anything. */
interface Outcome {
  readonly points: StudyPoint[];
  readonly failure: unknown;
  readonly workload?: Workload;
  readonly leftOut?: LeftOut[];
}

type Study = (progress: Progress, signal: AbortSignal) => Promise<Outcome>;

const USUAL_COUNT = 10_000;

/** Studies policies across server counts, live or offline, saves the run and shows it. */
export async function run(context: Context): Promise<Code | undefined> {
  const { terminal, flags, signal } = context;
  const mode = flags.is("simulate") ? "simulate" : "live";
  const variants = await askedVariants(flags);
  askedCharts(flags);
  const study = mode === "simulate" ? await simulation(flags, variants) : liveOne(context, variants);
  const out = flags.text("out") || "reports";
  const name = await claimRun(out, "analyze");
  const startedAt = new Date();
  const progress = await terminal.progress("studying");
  const {
    points,
    failure,
    workload,
    leftOut = [],
  } = await study(progress, signal)
    .finally(progress.clear)
    .catch((error): Outcome => ({ points: [], failure: error }));
  if (points.length === 0) await releaseRun(out, name);
  else
    await saveAndShow(context, out, startedAt, variants, {
      schemaVersion: 1,
      run: name,
      mode,
      results: points,
      ...(workload ? { workload } : {}),
      ...(leftOut.length > 0 ? { leftOut } : {}),
      charts: [],
    });
  if (signal.aborted) {
    terminal.note(points.length > 0 ? "Interrupted; the steps that were finished are saved." : "Interrupted.");
    return ExitCode.interrupted;
  }
  if (failure !== null) throw failure;
  return points.every((point) => point.count === 0) ? ExitCode.failed : undefined;
}

const askedVariants = (flags: Flags): Promise<PolicyVariant[]> =>
  variantsOf(flags.text("policy") ?? defaultPolicy, flags.text("hash") ?? defaultHash);

async function saveAndShow(
  context: Context,
  out: string,
  startedAt: Date,
  variants: readonly PolicyVariant[],
  result: AnalyzeResult,
): Promise<void> {
  const saved = await saveAndDraw(context, out, startedAt, { kind: "analyze", result }, variants);
  context.terminal.result(result, () => analyzeTable(result, context.terminal));
  context.terminal.note(saved);
}

/** Flags that only mean something offline. */
const offlineFlags = ["keys", "runs", "weights", "zipf", "keys-file", "key-field"];

function liveOne(context: Context, variants: readonly PolicyVariant[]): Study {
  const { flags } = context;
  const offline = offlineFlags.find((name) => flags.text(name) !== undefined);
  if (offline !== undefined) throw usageError(`--${offline} is for a study offline: add --simulate, or leave it out.`);
  const burst = burstFlags(flags);
  const keyOf = (index: number): string => clientAddress(index % burst.clients, burst.seed);
  const asked = { ...burst, servers: serverCounts(flags.text("servers") ?? "", MAX_SERVERS), variants, keyOf };
  return (progress) => live(context, asked, progress);
}

/** A study without a fleet. Mistakes in flags and files are reported before it begins. */
async function simulation(flags: Flags, variants: readonly PolicyVariant[]): Promise<Study> {
  const runs = flags.whole("runs", 1, 1_000) ?? 1;
  const servers = studiedServers(flags.text("servers") ?? "", flags.text("weights"));
  const { workload, seed, keysOf } = await askedKeys(flags, USUAL_COUNT);
  if (runs > 1 && servers.named && workload.kind === "file")
    throw usageError("--runs draws new clients and new server names, and here both are given: leave it out.");
  return async (progress, signal) => ({
    ...(await simulatedStudy({
      membersOf: servers.membersOf,
      variants,
      keysOf: (run) => keysOf((seed + run) % 2 ** 32),
      runs,
      onProgress: (share) => progress.update(`simulating: ${Math.round(share * 100)} %`),
      signal,
    })),
    failure: null,
    workload,
  });
}

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
  const restoreFailure = await restoreFleet(folder, running?.spec ?? null, progress).catch((error: unknown) => error);
  // Steps come in the order in which the fleet was scaled; people read them variant by variant.
  const byVariant = asked.variants.flatMap((_, variant) =>
    points.filter((_, i) => i % asked.variants.length === variant),
  );
  return { points: byVariant, failure: failure ?? restoreFailure ?? null };
}

async function ownFleet({ flags, signal }: Context, asked: Asked, progress: Progress): Promise<FleetSpec> {
  const { driver } = await chooseDriver(flags.text("driver"), null);
  const images = driver === "compose" ? await ensureImages(undefined, progress.update, signal) : null;
  const only = { ...flags, text: (name: string) => (name === "port" ? flags.text(name) : undefined) };
  return resized({ ...askedSpec(only, {}, driver, null), images }, asked.servers[0] ?? 1);
}

/** Not interruptible: Ctrl-C ends the study, and this is what follows it. A fleet that was taken down stays down. */
async function restoreFleet(folder: FleetFolder, before: FleetSpec | null, progress: Progress): Promise<void> {
  if (!before) await removeFleet(folder);
  else if (await fleetStatus(folder))
    await changeFleet(folder, () => before, progress.update, new AbortController().signal);
}
