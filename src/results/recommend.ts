import type { Workload } from "./run.ts";

/** What a change of servers moved. */
export interface Move {
  /** The share of keys that changed their server. */
  readonly fraction: number;
  /** The least that leaves each server its share. */
  readonly least: number;
  /** fraction / least. */
  readonly ratio: number;
}

/** A policy as measured for these servers and keys, and what is to be said for or against it. */
export interface Candidate {
  readonly policy: string;
  readonly hash: string | null;
  readonly meets: boolean;
  /** The busiest server's requests over its share, over the runs. */
  readonly peak: { readonly mean: number; readonly worst: number };
  /** The same by distinct keys, the worst run's; null where keys are equal or have no server of their own. */
  readonly peakByKeys: number | null;
  /** The share of requests that went to another server than their key's first; 0 where none can. */
  readonly spilled: number;
  /** When one server more joins, and when one from the middle leaves (null where there is only one). */
  readonly add: Move;
  readonly lose: Move | null;
  /** Why no server can leave from the middle; null when one can. */
  readonly cannotLose: string | null;
  readonly cost: { readonly buildMs: number; readonly bytes: number; readonly lookupNs: number };
  readonly reasons: readonly string[];
}

export interface Limits {
  /** The most that the busiest server may have, over its share. */
  readonly peak: number;
  /** The most that a change may move, over the least that it must. */
  readonly moved: number;
}

/** What `recommend --json` prints. */
export interface RecommendResult {
  readonly schemaVersion: 1;
  readonly servers: number;
  readonly runs: number;
  readonly workload: Workload;
  readonly limits: Limits;
  /** The best first; those that meet the limits before the others. */
  readonly candidates: readonly Candidate[];
  /** Policies that have no room for these servers, and why. */
  readonly leftOut: readonly { readonly policy: string; readonly reason: string }[];
  /** The peak that perfect random placement of these keys would come to, about: no hashing can be better on the whole. */
  readonly chancePeak: number;
  /** The hottest key's requests over an even share: above the limit, no policy that keeps a key on one server meets it. */
  readonly hottestKey: { readonly key: string; readonly overShare: number } | null;
}
