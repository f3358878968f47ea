/** What a balancer's parent process and its workers say to each other. Plain data: it crosses between processes. */
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
  readonly snapshot: Snapshot;
}

/** How a server stands, by what its checks and all workers' requests say. */
export interface HostState {
  readonly name: string;
  readonly healthy: boolean;
  readonly ejected: boolean;
  readonly draining: boolean;
  readonly usedInPanic: boolean;
  /** How long ago it came up, for slow start; null for long. */
  readonly upForMs: number | null;
  /** Whether requests were lost since it last answered one: then the next answer is worth telling. */
  readonly suspect: boolean;
}

/** A view as plain data: the policy and the hash are texts, beside the sources of the modules that these name. */
export interface SerializedSnapshot {
  readonly policy: string;
  readonly hash: string;
  readonly modules: Sources;
  readonly key: HashKey;
  readonly members: readonly Member[];
}

/** Who is there and how they stand; `view` is left out where it is as it was. */
export interface Snapshot {
  readonly view?: SerializedSnapshot;
  readonly hostStates: readonly HostState[];
}

export type ToWorker =
  | ({ readonly type: "start" } & WorkerStart)
  | { readonly type: "snapshot"; readonly snapshot: Snapshot }
  /** A client's, sent beside this. */
  | { readonly type: "connection" }
  /** Asks for the counts now. */
  | { readonly type: "count" }
  | { readonly type: "reopen-log" }
  | { readonly type: "close"; readonly deadlineMs: number };

/** What a worker counted since it last told. */
export interface StatsMessage {
  readonly servers: readonly {
    readonly name: string;
    readonly tally: HostCounters;
    readonly answers: readonly (readonly [status: number, count: number])[];
    /** As they are now. */
    readonly inFlight: number;
    readonly connections: number;
    readonly lastError: string | null;
  }[];
  readonly localReplies: readonly (readonly [status: number, count: number])[];
  readonly counts: ProxyCounters;
  /** Connections that it was ever given. */
  readonly taken: number;
  readonly durations: { readonly buckets: readonly number[]; readonly sum: number };
  /** As they are now. */
  readonly connections: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

export type FromWorker =
  /** It hears now: what is sent sooner is lost. */
  | { readonly type: "ready" }
  /** It takes connections now. */
  | { readonly type: "started" }
  /** `asked` for one that answers a `count`: only it has the bytes of open connections. */
  | { readonly type: "counted"; readonly counted: StatsMessage; readonly asked: boolean }
  | { readonly type: "answered"; readonly server: string }
  | { readonly type: "lost"; readonly server: string; readonly code: string; readonly agoMs: number }
  | { readonly type: "checked"; readonly server: string; readonly error: string | null }
  /** The last request at a server that has left is over. */
  | { readonly type: "parted"; readonly server: string; readonly address: string }
  | { readonly type: "event"; readonly event: BalancerEvent };
