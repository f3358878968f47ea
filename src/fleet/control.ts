import { createInterface } from "node:readline";
import { Pool } from "undici";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { controlPort, type FleetSpec } from "./spec.ts";

const memberSchema = z.object({
  name: z.string(),
  address: z.string(),
  weight: z.number(),
  state: z.enum(["up", "down", "draining"]),
  requests: z.number(),
  failures: z.number(),
  retries: z.number(),
  inFlight: z.number(),
  lastError: z.string().nullable().optional(),
});
const viewSchema = z.object({ servers: z.array(memberSchema), policy: z.string(), hash: z.string(), key: z.string() });

const policySchema = z.object({ modules: z.record(z.string(), z.string()) });

/** What the balancer says of itself: its servers with their state and counts, and how it places. */
export type BalancerView = z.infer<typeof viewSchema>;

/** Servers that somebody asked the balancer for (`POST /add`, `DELETE /rm`), which a supervisor can fulfil. */
const scaleRequestSchema = z.object({
  type: z.literal("scale-request"),
  id: z.string(),
  action: z.enum(["add", "rm"]),
  n: z.int().positive(),
  hostnames: z.array(z.string()),
});
export type ScaleRequest = z.infer<typeof scaleRequestSchema>;

/** The balancer's control API, as its clients see it. */
export interface Control extends AsyncDisposable {
  view(): Promise<BalancerView>;
  setServers(servers: readonly { name: string; address: string; weight: number }[]): Promise<void>;
  /** The sources of the modules that its policy and hash come from, by their names. */
  modules(): Promise<Readonly<Record<string, string>>>;
  setPolicy(how: Pick<FleetSpec, "policy" | "hash" | "key" | "modules">): Promise<void>;
  setDrained(name: string, drained: boolean): Promise<void>;
  /** Hears scale requests until the stream ends; it then resolves, and it never rejects. */
  hearScaleRequests(onScaleRequest: (request: ScaleRequest) => void): Promise<void>;
  /** Tells the balancer what became of a scale request; `error` is null when it was fulfilled. */
  settleScaleRequest(id: string, error: string | null): Promise<void>;
}

/** The balancer sends something every 15 s; silence for longer than this is a broken stream. */
const quietMs = 45_000;

/** Connects to the control API of a fleet on loopback. Calls fail with a UserError when the balancer doesn't answer. */
export function connectControl(spec: FleetSpec, token: string): Control {
  const origin = `http://127.0.0.1:${controlPort(spec)}`;
  const pool = new Pool(origin, { connections: 4, keepAliveTimeout: 1_000 });
  async function call(method: "GET" | "PUT" | "POST", path: string, body?: unknown): Promise<unknown> {
    const answer = await pool
      .request({
        method,
        path,
        // A frozen balancer must not hold up whoever asks; but PUT /v1/servers waits for requests to end (8 s at most).
        signal: AbortSignal.timeout(method === "PUT" ? 15_000 : 3_000),
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body === undefined ? null : JSON.stringify(body),
      })
      .catch((cause: unknown) => {
        throw new UserError(`The balancer's control API on ${origin} doesn't answer: see \`lbctl status\`.`, 1, {
          cause,
        });
      });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return text === "" ? null : JSON.parse(text);
    throw new UserError(`The balancer refused ${method} ${path}: ${reason(text) ?? `HTTP ${answer.statusCode}`}`);
  }
  async function hearScaleRequests(onScaleRequest: (request: ScaleRequest) => void): Promise<void> {
    const headers = { authorization: `Bearer ${token}` };
    const stream = { method: "GET", path: "/v1/events?provision=1", headers, bodyTimeout: quietMs } as const;
    const answer = await pool.request(stream).catch(() => null);
    if (answer?.statusCode !== 200) return void answer?.body.destroy();
    try {
      for await (const line of createInterface({ input: answer.body })) {
        const request = line.startsWith("data: ") ? scaleRequestSchema.safeParse(JSON.parse(line.slice(6))) : null;
        if (request?.success) onScaleRequest(request.data);
      }
    } catch {
      // The balancer has ended or been restarted: whoever listens comes again.
    }
  }
  return {
    hearScaleRequests,
    settleScaleRequest: async (id, error) =>
      void (await call("POST", `/v1/scale-requests/${id}`, error === null ? { ok: true } : { error })),
    view: async () => viewSchema.parse(await call("GET", "/v1/servers")),
    setServers: async (servers) => void (await call("PUT", "/v1/servers", { servers })),
    modules: async () => policySchema.parse(await call("GET", "/v1/policy")).modules,
    setPolicy: async ({ policy, hash, key, modules }) =>
      void (await call("PUT", "/v1/policy", { policy, hash, key, modules })),
    setDrained: async (name, drained) =>
      void (await call("POST", `/v1/servers/${encodeURIComponent(name)}/${drained ? "drain" : "ready"}`)),
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

const errorSchema = z.object({ error: z.object({ message: z.string() }) });

function reason(text: string): string | null {
  try {
    return errorSchema.parse(JSON.parse(text)).error.message;
  } catch {
    return null;
  }
}
