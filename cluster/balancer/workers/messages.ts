/** The messages between the primary and its workers. Plain data: it crosses between processes. */
import type { Member, Sources } from "../../../src/placement/index.ts";
import type { Endpoint } from "../../listen.ts";
import type { HostCounters } from "../cluster/host.ts";
import type { HashKey } from "../config/hash-key.ts";
import type { Settings } from "../config/options.ts";
import type { BalancerEvent } from "../telemetry/events.ts";
import type { AcceptedBy, ProxyCounters } from "../telemetry/proxy-stats.ts";

/** What a process that is to be a worker is started with. */
export const workerArguments = ["worker"] as const;

/** What each worker's data plane is started with. */
export interface WorkerSetup extends Settings {
  readonly listen: Endpoint;
  readonly trust: readonly string[];
  readonly accessLog: string | null;
}

/** What a worker is started with. */
export interface WorkerStart {
  /** Names the port that the workers have. */
  readonly setup: WorkerSetup;
  readonly acceptedBy: AcceptedBy;
  readonly update: ClusterUpdate;
}

/** The state of a server, by its checks and the requests of all workers. */
export interface HostState {
  readonly name: string;
  readonly healthy: boolean;
  readonly ejected: boolean;
  readonly draining: boolean;
  readonly usedInPanic: boolean;
  /** How long ago it came up, for slow start; null for long. */
  readonly upForMs: number | null;
  /** Requests have failed at it since its last response: a worker reports the next response. */
  readonly hasFailures: boolean;
}

/** A snapshot as plain data: the policy and the hash are texts, beside the sources of the modules that these name. */
export interface SerializedSnapshot {
  readonly policy: string;
  readonly hash: string;
  readonly modules: Sources;
  readonly key: HashKey;
  readonly members: readonly Member[];
}

/** What the primary tells of its cluster; `snapshot` is left out where it is as it was. */
export interface ClusterUpdate {
  readonly snapshot?: SerializedSnapshot;
  readonly hostStates: readonly HostState[];
}

export type ToWorker =
  | ({ readonly type: "start" } & WorkerStart)
  | { readonly type: "update"; readonly update: ClusterUpdate }
  /** A client's, sent beside this. */
  | { readonly type: "connection" }
  /** Asks for the stats now. */
  | { readonly type: "request-stats" }
  | { readonly type: "reopen-log" }
  | { readonly type: "close"; readonly deadlineMs: number };

/** What a worker counted since its last message. */
export interface StatsMessage {
  readonly servers: readonly {
    readonly name: string;
    readonly counters: HostCounters;
    readonly responses: readonly (readonly [status: number, count: number])[];
    /** As they are now. */
    readonly inFlight: number;
    readonly connections: number;
    readonly lastError: string | null;
  }[];
  readonly localReplies: readonly (readonly [status: number, count: number])[];
  readonly counts: ProxyCounters;
  /** Connections that the dispatcher ever gave it. */
  readonly received: number;
  readonly durations: { readonly buckets: readonly number[]; readonly sum: number };
  /** As they are now. */
  readonly connections: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

export type FromWorker =
  /** The worker listens to messages from now on: one that is sent sooner is lost. */
  | { readonly type: "ready" }
  /** It takes connections now. */
  | { readonly type: "started" }
  /** `isRequested`: it follows a `request-stats`; only then the bytes of open connections are in it. */
  | { readonly type: "stats"; readonly stats: StatsMessage; readonly isRequested: boolean }
  | { readonly type: "success"; readonly server: string }
  | { readonly type: "failure"; readonly server: string; readonly code: string; readonly agoMs: number }
  | { readonly type: "check"; readonly server: string; readonly error: string | null }
  /** The last request at a server that was removed has ended. */
  | { readonly type: "removed-idle"; readonly server: string; readonly address: string }
  | { readonly type: "event"; readonly event: BalancerEvent };
