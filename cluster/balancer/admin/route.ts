import type { ServerResponse } from "node:http";
import type * as z from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import type { DataPlane } from "../proxy/data-plane.ts";
import type { Events } from "../telemetry/events.ts";
import type { Metrics } from "./metrics.ts";
import type { ScaleRequests } from "./scale-requests.ts";
import type { EventStreams } from "./streams.ts";

/** What the control port shows and changes. */
export interface ControlContext {
  readonly cluster: Cluster;
  readonly plane: DataPlane;
  readonly metrics: Metrics;
  readonly events: Events;
  readonly streams: EventStreams;
  readonly scaleRequests: ScaleRequests;
  /** How long a change of membership waits for requests in flight at those who left. */
  readonly drainMs: number;
}

/** A request to the control port, as a handler sees it. */
export interface Call<Body> {
  readonly context: ControlContext;
  /** What the parts in parentheses of the route's path matched. */
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Body;
  readonly response: ServerResponse;
}

export interface ControlResponse {
  readonly status: number;
  /** Sent as JSON; a string is sent as it is, with `type`. */
  readonly body: object | string;
  readonly type?: string;
}

/** One line of the route table. */
export interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Whether errors have the classroom protocol's shape. */
  readonly classroom: boolean;
  /** Checks the body and responds; null when the handler keeps the response for itself. */
  handle(call: Call<unknown>): Promise<ControlResponse | null>;
}

interface RouteOptions<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly classroom?: boolean;
}

/** Makes a route whose body is read by `schema`. Throws its ZodError when the body is not so. */
export const route = <Schema extends z.ZodType>(
  method: string,
  path: RegExp,
  { schema, classroom = false }: RouteOptions<Schema>,
  handler: (call: Call<z.infer<Schema>>) => ControlResponse | null | Promise<ControlResponse | null>,
): Route => ({
  method,
  path,
  classroom,
  handle: async (call) => handler({ ...call, body: schema.parse(call.body) }),
});

export const ok = (body: object): ControlResponse => ({ status: 200, body });
