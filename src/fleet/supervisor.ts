import { z } from "zod";
import { UserError } from "../errors.ts";
import { type Control, connectControl, type Wish } from "./control.ts";
import type { Driver, Experiment, Instance } from "./driver.ts";
import { answers, untilHealthy } from "./health.ts";
import { pushSpec } from "./push-spec.ts";
import { type FleetSpec, fleetSpecSchema, reachable, withWish } from "./spec.ts";
import { type FleetFolder, type FleetRecord, readToken, removeFolder, writeState } from "./state.ts";

/** How often the supervisor looks after its fleet, in milliseconds. */
const tickMs = 1_000;
/** The longest wait between attempts to mend a fleet that does not stay up. */
const longestBackOffMs = 30_000;

export const statusSchema = z.object({
  fleet: z.string(),
  createdAt: z.string(),
  spec: fleetSpecSchema,
  instances: z.array(z.object({ name: z.string(), running: z.boolean(), id: z.string() })),
  /** Instances that were started again because they had ended. */
  replaced: z.number(),
  supervisor: z.number().nullable(),
});
export type FleetStatus = z.infer<typeof statusSchema>;

/** Keeps one fleet as it is asked to be. Calls are carried out one after the other. */
export interface Supervisor {
  /**
   * Makes the fleet as asked and waits until it is healthy. On failure, or when `signal` aborts, the fleet is what it
   * was before (nothing, the first time) and the cause is thrown.
   */
  apply(spec: FleetSpec, progress: (text: string) => void, signal: AbortSignal): Promise<void>;
  status(): Promise<FleetStatus>;
  experiment(name: string, what: Experiment): Promise<void>;
  /** Ends the fleet and removes its state. */
  stop(): Promise<void>;
  /** True once there is nothing left to look after. */
  readonly ended: boolean;
}

/** A supervisor over what is on disk: `record` is what an earlier one kept, and is adopted; null for a new fleet. */
export function createSupervisor(
  folder: FleetFolder,
  driverOf: (spec: FleetSpec) => Driver,
  record: FleetRecord | null,
): Supervisor {
  let spec = record?.spec ?? null;
  const createdAt = record?.createdAt ?? new Date().toISOString();
  let replaced = 0;
  let failures = 0;
  let ended = false;
  let queue: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let control: Control | null = null;
  let hearing = false;

  /** One thing at a time: a tick never meets a half-applied change. */
  function serially<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  }

  async function apply(next: FleetSpec, progress: (text: string) => void, signal: AbortSignal): Promise<void> {
    const before = spec;
    clearTimeout(timer);
    try {
      signal.throwIfAborted();
      await become(before, next, progress, signal);
      spec = next;
      failures = 0;
      await writeState(folder.record, { schemaVersion: 1, fleet: folder.fleet, createdAt, spec } satisfies FleetRecord);
      schedule(tickMs);
    } catch (error) {
      progress("rolling back");
      await rollBack(before, next);
      throw error;
    }
  }

  async function rollBack(before: FleetSpec | null, failed: FleetSpec): Promise<void> {
    if (!before) return end(failed);
    // What can't be restored now is mended by the ticks that follow.
    await become(failed, before, () => {}, new AbortController().signal).catch(log);
    schedule(tickMs);
  }

  /**
   * Old servers leave the balancer before they stop; new ones join it once they answer. A server that ran before is
   * not waited for: one that is frozen must not keep the others from changing.
   */
  async function become(
    before: FleetSpec | null,
    next: FleetSpec,
    progress: (text: string) => void,
    signal: AbortSignal,
  ) {
    const driver = driverOf(next);
    const kept = before?.servers.filter((old) => next.servers.some((one) => one.name === old.name)) ?? [];
    if (before && kept.length > 0 && kept.length < before.servers.length && control)
      await pushSpec(driver, control, { ...before, servers: kept }).catch(log);
    const running = await runningNames(driver);
    const fresh = next.servers.filter((server) => !running.has(server.name));
    progress(fresh.length > 0 ? `starting ${fresh.map((server) => server.name).join(", ")}` : "changing the fleet");
    await driver.converge(next);
    control ??= connectControl(next, await readToken(folder));
    for (const { name, port } of fresh)
      await untilHealthy(driver, name, signal, () => answers(`http://${reachable(next.bind)}:${port}/heartbeat`));
    progress("waiting for the balancer");
    await waitForBalancer(driver, control, next, new Set(fresh.map((server) => server.name)), signal);
  }

  async function waitForBalancer(
    driver: Driver,
    to: Control,
    next: FleetSpec,
    fresh: Set<string>,
    signal: AbortSignal,
  ) {
    await untilHealthy(driver, "balancer", signal, async () => (await to.view().catch(() => null)) !== null);
    await pushSpec(driver, to, next);
    await untilHealthy(driver, "balancer", signal, async () =>
      (await to.view()).servers.every((server) => server.state !== "down" || !fresh.has(server.name)),
    );
    hear(to);
  }

  /** Listens to the wishes that come through the balancer's control API, once at a time. */
  function hear(to: Control): void {
    if (hearing) return;
    hearing = true;
    void to
      .hearWishes((wish) => void grant(to, wish))
      .finally(() => {
        hearing = false;
      });
  }

  async function grant(to: Control, wish: Wish): Promise<void> {
    const never = new AbortController().signal;
    const work = async () => spec && (await apply(withWish(spec, wish), () => {}, never));
    const error = await serially(work).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error) log(error);
    await to
      .settleWish(wish.id, error === null ? null : error instanceof Error ? error.message : String(error))
      .catch(log);
  }

  /** Starts again what has ended and tells a balancer that was restarted what it forgot. */
  async function tick(): Promise<void> {
    if (!spec) return;
    const driver = driverOf(spec);
    try {
      control ??= connectControl(spec, await readToken(folder));
      const wanted = ["balancer", ...spec.servers.map((server) => server.name)];
      const running = await runningNames(driver);
      const dead = wanted.filter((name) => !running.has(name));
      if (dead.length > 0) {
        log(`starting again: ${dead.join(", ")}`);
        await driver.converge(spec);
        replaced += dead.length;
      }
      await pushSpec(driver, control, spec);
      hear(control);
      failures = dead.length > 0 ? failures + 1 : 0;
    } catch (error) {
      failures++;
      log(error);
    }
    schedule(Math.min(tickMs * 2 ** Math.max(0, failures - 1), longestBackOffMs));
  }

  function schedule(afterMs: number): void {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(() => void serially(tick), afterMs);
  }

  async function end(of: FleetSpec): Promise<void> {
    ended = true;
    clearTimeout(timer);
    await control?.[Symbol.asyncDispose]();
    await driverOf(of).remove();
    await removeFolder(folder);
  }

  if (record) schedule(tickMs);
  return {
    apply: (next, progress, signal) => serially(() => apply(next, progress, signal)),
    status: async () => {
      const now = spec;
      if (!now) throw new UserError("The fleet is still being brought up: try again in a moment.");
      const instances: Instance[] = await driverOf(now).observe();
      return { fleet: folder.fleet, createdAt, spec: now, instances, replaced, supervisor: process.pid };
    },
    experiment: (name, what) =>
      serially(async () => {
        if (spec) await driverOf(spec).experiment(name, what);
      }),
    stop: () =>
      serially(async () => {
        if (spec) await end(spec);
      }),
    get ended() {
      return ended;
    },
  };
}

/** A line in the supervisor's log. */
function log(what: unknown): void {
  const text = what instanceof UserError ? what.message : what instanceof Error ? what.stack : what;
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}

const runningNames = async (driver: Driver): Promise<Set<string>> =>
  new Set((await driver.observe()).filter((one) => one.running).map((one) => one.name));
