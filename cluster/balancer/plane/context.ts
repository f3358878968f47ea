import type { AccessLog } from "../access/log.ts";
import type { Settings } from "../options.ts";
import type { Routing } from "../routing.ts";
import type { Trust } from "../trust.ts";
import type { RetryBudget } from "./budget.ts";
import type { Door } from "./door.ts";
import type { PlaneCounts } from "./plane.ts";
import type { Pools } from "./pools.ts";
import type { Readers } from "./readers.ts";

/** What everything in a data plane shares. */
export interface PlaneContext {
  readonly members: Routing;
  readonly trust: Trust;
  readonly settings: Settings;
  readonly readers: Readers;
  readonly door: Door;
  readonly pools: Pools;
  readonly budget: RetryBudget;
  readonly counts: PlaneCounts;
  /** Null for no access log: nothing is gathered for it then. */
  readonly log: AccessLog | null;
  /** The time of the last sweep, in milliseconds of `performance.now()`: late by one sweep at most, and free. */
  now: number;
  /** The plane is closing: answers say so. */
  closing: boolean;
  /** Called once for each request, at its end; `refused` is the status of an answer that no server gave, else null. */
  done(seconds: number, refused: number | null): void;
}
