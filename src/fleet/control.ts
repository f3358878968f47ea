import { Pool } from "undici";
import { z } from "zod";
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

/** What the balancer says of itself: its servers with their state and counts, and how it places. */
export type BalancerView = z.infer<typeof viewSchema>;
export type MemberView = z.infer<typeof memberSchema>;

/** The balancer's control API, as its clients see it. */
export interface Control extends AsyncDisposable {
  view(): Promise<BalancerView>;
  setServers(servers: readonly { name: string; address: string; weight: number }[]): Promise<void>;
  setPolicy(policy: string, hash: string, key: string): Promise<void>;
  setDrained(name: string, drained: boolean): Promise<void>;
}

/** Connects to the control API of a fleet on loopback. Calls fail with a UserError when the balancer doesn't answer. */
export function connectControl(spec: FleetSpec, token: string): Control {
  const origin = `http://127.0.0.1:${controlPort(spec)}`;
  const pool = new Pool(origin, { connections: 4, keepAliveTimeout: 1_000 });
  async function call(method: "GET" | "PUT" | "POST", path: string, body?: unknown): Promise<unknown> {
    const answer = await pool
      .request({
        method,
        path,
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
  return {
    view: async () => viewSchema.parse(await call("GET", "/v1/servers")),
    setServers: async (servers) => void (await call("PUT", "/v1/servers", { servers })),
    setPolicy: async (policy, hash, key) => void (await call("PUT", "/v1/policy", { policy, hash, key })),
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
