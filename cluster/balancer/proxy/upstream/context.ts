import type { Settings } from "../../config/options.ts";
import type { Clock } from "../contract.ts";
import type { HeadReaders } from "../io/head-readers.ts";

/** What the connections to all servers share. */
export interface UpstreamContext {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly readers: HeadReaders;
}
