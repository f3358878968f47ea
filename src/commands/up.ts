import { isDeepStrictEqual } from "node:util";
import { askedPlacement, askedSpec } from "../config.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { chooseDriver } from "../fleet/choose-driver.ts";
import { changeFleet, fleetStatus, runningFleet } from "../fleet/client.ts";
import { drivers } from "../fleet/drivers/index.ts";
import { ensureImages } from "../fleet/images.ts";
import { checkPlacement, type FleetSpec } from "../fleet/spec.ts";
import { type FleetFolder, fleetFlag, fleetFolder } from "../fleet/state.ts";
import type { FleetStatus } from "../fleet/supervisor.ts";
import { plural } from "../format.ts";
import { showStatus } from "./status.ts";

/** Brings a fleet up, or makes the running one as asked. */
export async function run(context: Context): Promise<ExitCode | undefined> {
  const { terminal, flags, signal } = context;
  const folder = fleetFolder(context.fleet);
  const before = await fleetStatus(folder);
  const choice = await chooseDriver(flags.text("driver"), before?.spec.driver ?? null);
  // The spec is checked before anything is started or built.
  const placement = await askedPlacement(flags, flags.text("policy"));
  const asked = askedSpec(flags, placement, choice.driver, before?.spec ?? null);
  await checkPlacement(asked);
  if (flags.is("dry-run")) return showPlan(context, folder, asked);
  const progress = await terminal.progress(`bringing up ${folder.fleet}`);
  try {
    const images = asked.driver === "compose" ? await ensureImages(flags.text("base"), progress.update, signal) : null;
    const make = (existing: FleetSpec | null) => ({ ...askedSpec(flags, placement, choice.driver, existing), images });
    if (before && unchanged(before, make(before.spec))) {
      progress.done(`The fleet "${folder.fleet}" is up already: nothing changed.`);
    } else {
      const { spec } = await changeFleet(folder, make, progress.update, signal);
      progress.done(sentence(folder.fleet, before, spec, choice.reason));
    }
  } finally {
    progress.clear();
  }
  await showStatus(context, folder, await runningFleet(folder));
  const flag = fleetFlag(folder.fleet);
  if (!before)
    terminal.note(`Next: lbctl send${flag} --count 10000 · lbctl analyze${flag} --servers 2..6 · lbctl down${flag}`);
  return undefined;
}

/** As asked, with everything running and a supervisor to keep it so. */
const unchanged = (before: FleetStatus, spec: FleetSpec): boolean =>
  before.supervisor !== null &&
  isDeepStrictEqual(before.spec, spec) &&
  before.instances.every((instance) => instance.running);

function sentence(fleet: string, before: FleetStatus | null, spec: FleetSpec, reason: string): string {
  const servers = plural(spec.servers.length, "server");
  const what = `${servers} behind http://${spec.bind}:${spec.port}`;
  if (!before) return `The fleet "${fleet}" is up: ${what}, driver ${spec.driver} (${reason}).`;
  const again = before.supervisor === null ? " Its supervisor had ended and runs again." : "";
  return `The fleet "${fleet}" is as asked: ${what}.${again}`;
}

async function showPlan({ terminal }: Context, folder: FleetFolder, spec: FleetSpec): Promise<undefined> {
  const images = spec.driver === "compose" ? { balancer: "lbctl-balancer", server: "lbctl-server" } : null;
  const plan = drivers[spec.driver].create(folder).plan({ ...spec, images });
  terminal.result({ schemaVersion: 1, dryRun: true, spec, plan }, () => plan.join("\n"));
}
