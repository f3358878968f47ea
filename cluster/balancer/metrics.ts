import { Counter, Gauge, Registry } from "prom-client";
import type { Durations } from "./durations.ts";
import type { Members } from "./members.ts";
import type { Usage } from "./plane/plane.ts";
import { stateOf, type Upstream } from "./upstream.ts";

/** What the metrics are read from. */
interface MetricsSource {
  readonly members: Members;
  /** Answers that no server gave, by status code. */
  readonly refusals: ReadonlyMap<number, number>;
  readonly connections: number;
  readonly usage: Usage;
}

export interface Metrics {
  readonly contentType: string;
  /** The Prometheus text, made from the counts as they are now. */
  text(source: MetricsSource): Promise<string>;
}

/** The balancer's metrics, in a registry of their own: several balancers can live in one process. */
export function createMetrics(durations: Durations): Metrics {
  const registry = new Registry();
  const gauges = createGauges(registry);
  return {
    contentType: registry.contentType,
    text: async (source) => {
      gauges.collect(source);
      const help = "Seconds from a request's head to the end of its answer.";
      return `${await registry.metrics()}\n${durations.text("lbctl_request_duration_seconds", help)}`;
    },
  };
}

/** Series that are copied from plain counts at each scrape, so that requests pay nothing for them. */
function createGauges(registry: Registry) {
  const registers = [registry];
  const requests = new Counter({
    name: "lbctl_requests_total",
    help: "Answers to clients, by the server that gave them (empty: the balancer itself) and status code.",
    labelNames: ["server", "code"] as const,
    registers,
  });
  const perServer = { labelNames: ["server"] as const, registers };
  const retries = new Counter({ name: "lbctl_retries_total", help: "Attempts made again.", ...perServer });
  const failures = new Counter({
    name: "lbctl_upstream_failures_total",
    help: "Attempts that ended without a whole answer.",
    ...perServer,
  });
  const up = new Gauge({ name: "lbctl_server_up", help: "1 when the server is given requests.", ...perServer });
  const inFlight = new Gauge({ name: "lbctl_in_flight", help: "Requests at the server now.", ...perServer });
  const panic = new Gauge({
    name: "lbctl_panic",
    help: "1 while so few servers are up that down ones are used too.",
    registers,
  });
  const connections = new Gauge({ name: "lbctl_client_connections", help: "Open client connections.", registers });

  // prom-client's own process metrics keep observers running that nothing stops, so these two are read here.
  const cpu = new Counter({ name: "process_cpu_seconds_total", help: "CPU time, user and system.", registers });
  const memory = new Gauge({ name: "process_resident_memory_bytes", help: "Resident memory.", registers });

  function collectUpstream(upstream: Upstream): void {
    const { name: server, counts } = upstream;
    for (const [code, count] of counts.answers) requests.inc({ server, code }, count);
    retries.inc({ server }, counts.retries);
    failures.inc({ server }, counts.failures);
    up.set({ server }, stateOf(upstream) === "up" ? 1 : 0);
    inFlight.set({ server }, upstream.inFlight);
  }

  function collect({ members, refusals, connections: open, usage }: MetricsSource): void {
    for (const metric of [requests, retries, failures, up, inFlight, cpu]) metric.reset();
    for (const upstream of members.view.upstreams) collectUpstream(upstream);
    for (const [code, count] of refusals) requests.inc({ server: "", code }, count);
    connections.set(open);
    panic.set(members.view.availability.panic ? 1 : 0);
    cpu.inc(usage.cpuSeconds);
    memory.set(usage.residentBytes);
  }

  return { collect };
}
