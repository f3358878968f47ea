import { controlPort, type FleetSpec, type ServerSpec } from "./spec.ts";

/**
 * The environment that the balancer starts with: only what never changes while it runs. Servers, policy, hash and key come
 * through its control API, so that changing them restarts nothing.
 */
export function balancerEnvironment(spec: FleetSpec, token: string, host: string): Record<string, string> {
  return {
    LBCTL_LISTEN: `${host}:${spec.port}`,
    LBCTL_CONTROL: `${host}:${controlPort(spec)}`,
    LBCTL_TOKEN: token,
    LBCTL_TRUST: spec.trust.join(","),
    LBCTL_CHECK: spec.check,
    // Its servers come when it has started: until then clients wait.
    LBCTL_AWAIT_SERVERS: "5000",
    // Clients ask for `/api`; the servers have it at `/data`.
    LBCTL_REWRITE: "/api=/data",
  };
}

/** The environment that a server starts with. */
export function serverEnvironment(server: ServerSpec, host: string): Record<string, string> {
  return { LBCTL_NAME: server.name, LBCTL_HOST: host, LBCTL_PORT: String(server.port) };
}
