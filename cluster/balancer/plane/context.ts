import type { HostSelection } from "../cluster/host-selection.ts";
import type { Settings } from "../config/options.ts";
import type { TrustedProxies } from "../config/trusted-proxies.ts";
import type { AccessLog } from "../telemetry/access-log.ts";
import type { RetryBudget } from "./budget.ts";
import type { Door } from "./door.ts";
import type { ProxyCounters } from "./plane.ts";
import type { Pools } from "./pools.ts";
import type { Readers } from "./readers.ts";

/** What everything in a data plane shares. */
export interface PlaneContext {
  readonly members: HostSelection;
  readonly trust: TrustedProxies;
  readonly settings: Settings;
  readonly readers: Readers;
  readonly door: Door;
  readonly pools: Pools;
  readonly budget: RetryBudget;
  readonly counts: ProxyCounters;
  /** Null for no access log: nothing is gathered for it then. */
  readonly log: AccessLog | null;
  /** The time of the last sweep, in milliseconds of `performance.now()`: late by one sweep at most, and free. */
  now: number;
  /** The plane is closing: answers say so. */
  closing: boolean;
  /** Called once for each request, at its end; `refused` is the status of an answer that no server gave, else null. */
  done(seconds: number, refused: number | null): void;
}
