import { createInterface } from "node:readline";
import { Pool } from "undici";
import {
  type ClusterStatus,
  clusterStatus,
  errorBody,
  type PolicyBody,
  policyStatus,
  type ScaleOutcomeBody,
  type ScaleRequestEvent,
  type ServersBody,
  scaleRequestEvent,
} from "../../cluster/balancer/admin/schema.ts";
import { UserError } from "../errors.ts";
import { controlPort, type FleetSpec } from "./spec.ts";

export type { ClusterStatus, ScaleRequestEvent };

/** The balancer's control API, as its clients see it. */
export interface Control extends AsyncDisposable {
  status(): Promise<ClusterStatus>;
  setServers(servers: ServersBody["servers"]): Promise<void>;
  /** The sources of the modules that its policy and hash come from, by their names. */
  modules(): Promise<Readonly<Record<string, string>>>;
  setPolicy(how: Pick<FleetSpec, "policy" | "hash" | "key" | "modules">): Promise<void>;
  setDrained(name: string, drained: boolean): Promise<void>;
  /** Calls `onScaleRequest` for each scale request until the stream ends, and then resolves. It never rejects. */
  subscribeScaleRequests(onScaleRequest: (request: ScaleRequestEvent) => void): Promise<void>;
  /** Reports the outcome of a scale request to the balancer; `error` is null when it was fulfilled. */
  settleScaleRequest(id: string, error: string | null): Promise<void>;
}

/** The balancer writes to a stream every 15 s; one that is silent for longer than this is broken. */
const STREAM_TIMEOUT_MS = 45_000;

/** Connects to the control API of a fleet on loopback. Calls fail with a UserError when the balancer doesn't response. */
export function connectControl(spec: FleetSpec, token: string): Control {
  const origin = `http://127.0.0.1:${controlPort(spec)}`;
  const pool = new Pool(origin, { connections: 4, keepAliveTimeout: 1_000 });
  async function call(method: "GET" | "PUT" | "POST", path: string, body?: unknown): Promise<unknown> {
    const response = await pool
      .request({
        method,
        path,
        // A frozen balancer must not hold up its caller; but PUT /v1/servers waits for requests in flight (8 s at most).
        signal: AbortSignal.timeout(method === "PUT" ? 15_000 : 3_000),
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body === undefined ? null : JSON.stringify(body),
      })
      .catch((cause: unknown) => {
        throw new UserError(`The balancer's control API on ${origin} doesn't respond: see \`lbctl status\`.`, 1, {
          cause,
        });
      });
    const text = await response.body.text();
    if (response.statusCode < 300) return text === "" ? null : JSON.parse(text);
    throw new UserError(`The balancer rejected ${method} ${path}: ${reason(text) ?? `HTTP ${response.statusCode}`}`);
  }
  async function subscribeScaleRequests(onScaleRequest: (request: ScaleRequestEvent) => void): Promise<void> {
    const headers = { authorization: `Bearer ${token}` };
    const stream = { method: "GET", path: "/v1/events?provision=1", headers, bodyTimeout: STREAM_TIMEOUT_MS } as const;
    const response = await pool.request(stream).catch(() => null);
    if (response?.statusCode !== 200) return void response?.body.destroy();
    try {
      for await (const line of createInterface({ input: response.body })) {
        const request = line.startsWith("data: ") ? scaleRequestEvent.safeParse(JSON.parse(line.slice(6))) : null;
        if (request?.success) onScaleRequest(request.data);
      }
    } catch {
      // The balancer has ended or been restarted: the supervisor connects again.
    }
  }
  return {
    subscribeScaleRequests,
    settleScaleRequest: async (id, error) => {
      const body: ScaleOutcomeBody = error === null ? { ok: true } : { error: error.slice(0, 1000) };
      await call("POST", `/v1/scale-requests/${id}`, body);
    },
    status: async () => clusterStatus.parse(await call("GET", "/v1/servers")),
    setServers: async (servers) => {
      const body: ServersBody = { servers: [...servers] };
      await call("PUT", "/v1/servers", body);
    },
    modules: async () => policyStatus.parse(await call("GET", "/v1/policy")).modules,
    setPolicy: async ({ policy, hash, key, modules }) => {
      const body: PolicyBody = { policy, hash, key, modules };
      await call("PUT", "/v1/policy", body);
    },
    setDrained: async (name, drained) =>
      void (await call("POST", `/v1/servers/${encodeURIComponent(name)}/${drained ? "drain" : "ready"}`)),
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

function reason(text: string): string | null {
  try {
    return errorBody.parse(JSON.parse(text)).error.message;
  } catch {
    return null;
  }
}
