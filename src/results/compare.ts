import type { Workload } from "./run.ts";

export interface Shift {
  readonly before: number;
  readonly after: number;
  readonly gained: number;
  readonly lost: number;
}

/** What `compare --json` prints. */
export interface CompareResult {
  readonly schemaVersion: 1;
  readonly before: string;
  readonly after: string;
  readonly workload: Workload;
  readonly keys: number;
  readonly requests: number;
  readonly movedKeys: number;
  readonly movedRequests: number;
  /** The least share that must move so that each server has its share by weight. */
  readonly leastMoved: number;
  /** The busiest server's load over its fair share (by weight), before and after. */
  readonly peak: { readonly before: Peak; readonly after: Peak };
  readonly servers: readonly { readonly name: string; readonly keys: Shift; readonly requests: Shift }[];
  readonly hotKeys: readonly { readonly key: string; readonly requests: number }[];
}

export interface Peak {
  readonly keys: number;
  readonly requests: number;
  /** The server that has the most requests for its share. */
  readonly server: string;
}
