import type { FleetSpec, ServerSpec } from "./spec.ts";
import type { FleetFolder } from "./state.ts";

/** One process or container of a fleet, as it was found. */
export interface Instance {
  /** `balancer`, or the server's name. */
  readonly name: string;
  readonly running: boolean;
  /** The pid or the container's id. */
  readonly id: string;
}

export type Experiment = "kill" | "pause" | "resume";

/**
 * The only code that starts and stops things. It compares what is there with what is asked, so that the same call
 * brings a fleet up, scales it, replaces what died and adopts what an earlier supervisor left.
 */
export interface Driver {
  /** What of the fleet exists. */
  observe(): Promise<Instance[]>;
  /** Starts what is missing or differs and stops what is too much; returns who was started, before they are healthy. */
  converge(spec: FleetSpec): Promise<string[]>;
  /** Stops and removes everything of the fleet; nothing to remove is fine. */
  remove(): Promise<void>;
  /** Where the balancer reaches a server. */
  upstream(spec: FleetSpec, server: ServerSpec): string;
  /** What `converge` would run, for people to read. */
  plan(spec: FleetSpec): string[];
  /** Ends an instance at once, freezes it, or lets it go on. */
  experiment(name: string, what: Experiment): Promise<void>;
  /** Copies the log of one instance, or of all, to stdout: its last `lines`, then what follows until aborted. */
  logs(name: string | undefined, options: LogOptions): Promise<void>;
}

export interface LogOptions {
  readonly lines: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly write: (line: string) => void;
}

export type CreateDriver = (folder: FleetFolder) => Driver;
