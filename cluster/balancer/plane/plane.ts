import type { Endpoint } from "../../listen.ts";
import type { Members } from "../members.ts";
import type { Trust } from "../trust.ts";
import type { Upstream } from "../upstream.ts";

/** What a data plane is given. It asks `members` where to send a request, and tells the servers' fate to them. */
interface DataPlaneOptions {
  readonly listen: Endpoint;
  readonly members: Members;
  readonly trust: Trust;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly headTimeoutMs: number;
  readonly stallTimeoutMs: number;
  /** Called at the end of every request, with the seconds that it took. */
  readonly observe: (seconds: number) => void;
}

/** What moves requests and answers. The rest of the balancer knows nothing else of how it is done. */
export interface DataPlane {
  readonly port: number;
  /** Client connections that are open. */
  readonly connections: number;
  /** Answers that no server gave, by status code. */
  readonly refusals: ReadonlyMap<number, number>;
  /** Lets go of the connections to a server that has left, as its requests end. */
  forget(upstream: Upstream): void;
  /** Stops accepting, lets requests in flight end, and cuts what is left after `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

export type StartDataPlane = (options: DataPlaneOptions) => Promise<DataPlane>;
