import { askedSpec } from "../config.ts";
import type { Context } from "../context.ts";
import { type ExitCode as Code, ExitCode, UserError } from "../errors.ts";
import { chooseDriver } from "../fleet/choose-driver.ts";
import { applySpec, fleetStatus, removeFleet } from "../fleet/client.ts";
import { ensureImages } from "../fleet/images.ts";
import { type FleetSpec, maxServers, resized } from "../fleet/spec.ts";
import { type FleetFolder, fleetFolder } from "../fleet/state.ts";
import { serverCounts } from "../numbers.ts";
import { parseHash, parsePolicies } from "../placement/index.ts";
import { analyzeTable } from "../report/analyze-table.ts";
import type { AnalyzeResult, StudyPoint } from "../report/run.ts";
import { claimRun } from "../report/store.ts";
import { clientAddress } from "../simulate/client-keys.ts";
import { liveStudy } from "../study/live.ts";
import { type Way, waysOf } from "../study/point.ts";
import { simulatedStudy } from "../study/simulated.ts";
import type { Progress } from "../terminal.ts";
import { type BurstFlags, burstFlags } from "./burst-flags.ts";
import { saveAndDraw } from "./save.ts";

/** More servers than this in one simulated placement is a mistake. */
const maxSimulated = 10_000;

interface Asked extends BurstFlags {
  readonly servers: readonly number[];
  readonly ways: readonly Way[];
}

/** Studies policies across server counts, live or offline, saves the run and shows it. */
export async function run(context: Context): Promise<Code | undefined> {
  const { terminal, flags, signal } = context;
  const simulate = flags.is("simulate");
  const asked: Asked = {
    ...burstFlags(flags),
    servers: serverCounts(flags.text("servers") ?? "2..6", simulate ? maxSimulated : maxServers),
    ways: waysOf(
      parsePolicies(flags.text("policy") ?? "ring"),
      (flags.text("hash") ?? "xxh64").split(",").map((name) => parseHash(name.trim())),
    ),
  };
  const name = await claimRun(asked.out, "analyze");
  const startedAt = new Date();
  const progress = await terminal.progress("studying");
  let points: StudyPoint[];
  try {
    points = await (simulate ? simulated(asked, progress, signal) : live(context, asked, progress));
  } finally {
    progress.clear();
  }
  if (points.length === 0) return ExitCode.interrupted;
  const result: AnalyzeResult = {
    schemaVersion: 1,
    run: name,
    mode: simulate ? "simulate" : "live",
    results: points,
    charts: [],
  };
  const saved = await saveAndDraw(context, asked.out, startedAt, { kind: "analyze", result });
  terminal.result(result, () => analyzeTable(result, terminal));
  terminal.note(saved);
  if (!signal.aborted) return undefined;
  terminal.note("Interrupted; the steps that were finished are saved.");
  return ExitCode.interrupted;
}

const simulated = (asked: Asked, progress: Progress, signal: AbortSignal): Promise<StudyPoint[]> =>
  simulatedStudy({
    ...asked,
    onProgress: (share) => progress.update(`simulating: ${Math.round(share * 100)} %`),
    signal,
  });

/** On the running fleet, which is put back as it was; or on one of its own, which is taken down. */
async function live(context: Context, asked: Asked, progress: Progress): Promise<StudyPoint[]> {
  const { fleet, signal } = context;
  const folder = fleetFolder(fleet);
  const running = await fleetStatus(folder);
  if (running && running.spec.key !== "client-ip")
    throw new UserError(
      `The fleet "${fleet}" hashes ${running.spec.key}; a study sends client addresses: \`lbctl policy --key client-ip\` first.`,
    );
  const spec = running?.spec ?? (await ownFleet(context, asked, progress));
  try {
    const points = await liveStudy({
      ...asked,
      folder,
      spec,
      keyOf: (index) => clientAddress(index % asked.clients, asked.seed),
      onProgress: (text, share) => progress.update(`${Math.round(share * 100)} % · ${text}`),
      signal,
    });
    // Steps come in the order in which the fleet was scaled; people read them way by way.
    return asked.ways.flatMap((_, way) => points.filter((_, i) => i % asked.ways.length === way));
  } finally {
    await putBack(folder, running?.spec ?? null, progress);
  }
}

async function ownFleet({ flags, signal }: Context, asked: Asked, progress: Progress): Promise<FleetSpec> {
  const { driver } = await chooseDriver(flags.text("driver"), null);
  const images = driver === "compose" ? await ensureImages(undefined, progress.update, signal) : null;
  const only = { ...flags, text: (name: string) => (name === "port" ? flags.text(name) : undefined) };
  return resized({ ...askedSpec(only, driver, null), images }, asked.servers[0] ?? 1);
}

/** Not interruptible: Ctrl-C ends the study, and this is what follows it. */
async function putBack(folder: FleetFolder, before: FleetSpec | null, progress: Progress): Promise<void> {
  if (before) await applySpec(folder, before, progress.update, new AbortController().signal);
  else await removeFleet(folder);
}
