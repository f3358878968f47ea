import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { type Control, connectControl, type ScaleRequestEvent } from "./control.ts";
import type { Driver, Experiment } from "./driver.ts";
import { waitUntil } from "./health.ts";
import { adoptedFrom, pushSpec } from "./push-spec.ts";
import { reconcile } from "./reconcile.ts";
import { assertSamePlace, type FleetSpec, fleetSpecSchema, withScaleRequest } from "./spec.ts";
import { type FleetFolder, type FleetRecord, readToken, removeFolder, writeState } from "./state.ts";

/** How often the supervisor looks after its fleet, in milliseconds. */
const TICK_MS = 1_000;
/** The longest wait between attempts to restartDead a fleet that does not stay up. */
const LONGEST_BACK_OFF_MS = 30_000;
/** How long a restarted balancer may take until its control API responds, in milliseconds. */
const STARTED_WITHIN_MS = 3_000;
/** A supervisor that nobody gives a fleet ends after this long. */
const IDLE_MS = 10_000;

export const statusSchema = z.object({
  fleet: z.string(),
  createdAt: z.string(),
  spec: fleetSpecSchema,
  /** Grows with every change of the spec. */
  version: z.number(),
  instances: z.array(z.object({ name: z.string(), running: z.boolean(), id: z.string() })),
  /** Instances that were started again because they had ended. */
  replaced: z.number(),
  supervisor: z.number().nullable(),
});
export type FleetStatus = z.infer<typeof statusSchema>;

/** A change was made from a version of the fleet that is no more: it has to be made again from what is there now. */
export class StaleError extends Error {}

/** Keeps one fleet as it is asked to be. Changes are carried out one after the other. */
export interface Supervisor {
  /**
   * Makes the fleet as asked and waits until it is healthy. `version` is that of the status that `next` was made from,
   * 0 where there was none; a StaleError when it has changed since. On failure, or when `signal` aborts, the fleet is
   * what it was before (nothing, the first time) and the cause is thrown.
   */
  apply(next: FleetSpec, version: number, progress: (text: string) => void, signal: AbortSignal): Promise<void>;
  /** Null while the fleet is not up yet. */
  status(): Promise<FleetStatus | null>;
  experiment(name: string, what: Experiment): Promise<void>;
  /** Ends the fleet and removes its state. */
  stop(): Promise<void>;
  /** Resolves when nothing is under way. */
  settled(): Promise<unknown>;
}

export interface SupervisorOptions {
  readonly folder: FleetFolder;
  readonly driverOf: (spec: FleetSpec) => Driver;
  /** What an earlier supervisor kept, which is adopted; null for a new fleet. */
  readonly record: FleetRecord | null;
  /** Called once there is nothing left to look after. */
  readonly onEnd: () => void;
}

const never = new AbortController().signal;

/** A supervisor over what is on disk. */
export function createSupervisor({ folder, driverOf, record, onEnd }: SupervisorOptions): Supervisor {
  let spec = record?.spec ?? null;
  let version = record ? 1 : 0;
  const createdAt = record?.createdAt ?? new Date().toISOString();
  let replaced = 0;
  let failures = 0;
  let ended = false;
  let queue: Promise<unknown> = Promise.resolve();
  let control: Control | null = null;
  let isSubscribed = false;
  let timer = setTimeout(() => void serially(() => (spec ? tick() : end())), record ? TICK_MS : IDLE_MS);

  /** One thing at a time: a tick never meets a half-applied change. */
  function serially<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  }

  async function apply(next: FleetSpec, from: number, progress: (text: string) => void, signal: AbortSignal) {
    if (ended) throw new UserError("The fleet has just been taken down: run the command again.");
    if (from !== version) throw new StaleError();
    if (spec) assertSamePlace(spec, next);
    clearTimeout(timer);
    const before = spec;
    const driver = driverOf(next);
    try {
      signal.throwIfAborted();
      control ??= connectControl(next, await readToken(folder));
      await reconcile({ driver, control, before, next, progress, signal });
      await keep(next);
      subscribe(control);
    } catch (error) {
      progress("rolling back");
      await rollBack(before, next, driver);
      throw error;
    }
    failures = 0;
    schedule(TICK_MS);
  }

  async function keep(next: FleetSpec): Promise<void> {
    await writeState(folder.record, {
      schemaVersion: 1,
      fleet: folder.fleet,
      createdAt,
      spec: next,
    } satisfies FleetRecord);
    spec = next;
    version++;
  }

  async function rollBack(before: FleetSpec | null, failed: FleetSpec, driver: Driver): Promise<void> {
    if (!before || !control) return end(driver);
    // The ticks that follow restore what can't be restored now.
    await reconcile({ driver, control, before: failed, next: before, progress: () => {}, signal: never }).catch(log);
    schedule(TICK_MS);
  }

  /** Reconciles what runs with the spec, and adopts what was changed through the control API. */
  async function tick(): Promise<void> {
    if (!spec || ended) return;
    const driver = driverOf(spec);
    try {
      control ??= connectControl(spec, await readToken(folder));
      const dead = await restartDead(driver, spec);
      await waitForBalancer(control);
      const adopted = await adoptedFrom(control, driver, spec);
      if (!adopted) await pushSpec(driver, control, spec);
      else if (!isDeepStrictEqual(adopted, spec)) await keep(adopted);
      subscribe(control);
      failures = dead > 0 ? failures + 1 : 0;
    } catch (error) {
      failures++;
      log(error);
    }
    schedule(Math.min(TICK_MS * 2 ** Math.max(0, failures - 1), LONGEST_BACK_OFF_MS));
  }

  /** Waits until the control API of the balancer responds: until a restarted balancer has its servers, its clients wait. */
  async function waitForBalancer(of: Control): Promise<void> {
    const look = async () => (await of.status().catch(() => null)) !== null;
    const onTimeout = () => new UserError("The balancer's control API doesn't respond: see `lbctl status`.");
    await waitUntil(look, { timeoutMs: STARTED_WITHIN_MS, signal: never, onTimeout });
  }

  /** Starts what has ended and stops what should not be there; returns how many had ended. */
  async function restartDead(driver: Driver, want: FleetSpec): Promise<number> {
    const wanted = new Set(["balancer", ...want.servers.map((server) => server.name)]);
    const running = (await driver.observe()).filter((one) => one.running).map((one) => one.name);
    const dead = [...wanted].filter((name) => !running.includes(name));
    if (dead.length === 0 && running.every((name) => wanted.has(name))) return 0;
    if (dead.length > 0) log(`starting again: ${dead.join(", ")}`);
    await driver.converge(want);
    replaced += dead.length;
    return dead.length;
  }

  function schedule(afterMs: number): void {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(() => void serially(tick), afterMs);
  }

  /** Subscribes to the scale requests that come through the balancer's control API, unless a subscription is open. */
  function subscribe(to: Control): void {
    if (isSubscribed) return;
    isSubscribed = true;
    void to
      .subscribeScaleRequests((request) => void fulfil(to, request))
      .finally(() => {
        isSubscribed = false;
      });
  }

  async function fulfil(to: Control, request: ScaleRequestEvent): Promise<void> {
    const work = async () => {
      if (spec) await apply(withScaleRequest(spec, request), version, () => {}, never);
      return null;
    };
    const error = await serially(work).catch((reason: unknown) => reason);
    if (error !== null) log(error);
    await to.settleScaleRequest(request.id, error instanceof Error ? error.message : null).catch(log);
  }

  async function end(driver: Driver | null = spec && driverOf(spec)): Promise<void> {
    if (ended) return;
    clearTimeout(timer);
    try {
      await driver?.remove();
    } catch (error) {
      schedule(TICK_MS);
      throw error;
    }
    ended = true;
    await control?.[Symbol.asyncDispose]();
    await removeFolder(folder);
    onEnd();
  }

  return {
    apply: (next, from, progress, signal) => serially(() => apply(next, from, progress, signal)),
    status: async () => {
      if (!spec) return null;
      // Taken together, before anything is awaited: a change that is made of this spec must find out that a later version exists.
      const now = { fleet: folder.fleet, createdAt, spec, version };
      const instances = await driverOf(spec).observe();
      return { ...now, instances, replaced, supervisor: process.pid };
    },
    // Not in the queue: what waits there may be waiting for a frozen instance to go on.
    experiment: async (name, what) => {
      if (spec) await driverOf(spec).experiment(name, what);
    },
    stop: () => serially(() => end()),
    settled: () => queue,
  };
}

/** A line in the supervisor's log. */
export function log(what: unknown): void {
  const text = what instanceof UserError ? what.message : what instanceof Error ? what.stack : what;
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}
