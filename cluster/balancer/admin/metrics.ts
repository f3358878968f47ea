import { Counter, Gauge, Registry } from "prom-client";
import { formatPolicy } from "../../../src/placement/index.ts";
import { type Host, stateOf } from "../cluster/host.ts";
import { sharesOf } from "../cluster/key-shares.ts";
import { formatHashKey } from "../config/hash-key.ts";
import type { LatencyHistogram } from "../telemetry/latency-histogram.ts";
import { type MetricsSource, ofServers, ofTheBalancer } from "./metrics-table.ts";

export interface Metrics {
  readonly contentType: string;
  /** The Prometheus text, made from the counts as they are now. */
  text(source: MetricsSource): Promise<string>;
}

/**
 * The balancer's metrics, in a registry of their own: several balancers can live in one process. They are copied from
 * plain counts at each scrape, so that requests pay nothing for them.
 */
export function createMetrics(durations: LatencyHistogram, version: string): Metrics {
  const registry = new Registry();
  const collects = [...createTables(registry), ...createLabelled(registry, version)];
  return {
    contentType: registry.contentType,
    text: async (source) => {
      for (const collect of collects) collect(source);
      const help = "Seconds from a request's head to the end of its response.";
      return `${await registry.metrics()}\n${durations.text("lbctl_request_duration_seconds", help)}`;
    },
  };
}

type Collect = (source: MetricsSource) => void;

/** The series of the tables: one each, and one for each server. */
function createTables(registry: Registry): Collect[] {
  const registers = [registry];
  const own = ofTheBalancer.map(({ name, help, read }): Collect => {
    const metric = create(name, { name, help, registers });
    return (source) => {
      metric.reset();
      metric.inc(read(source));
    };
  });
  const perServer = ofServers.map(({ name, help, read }): Collect => {
    const metric = create(name, { name, help, labelNames: ["server"], registers });
    return ({ cluster: { snapshot } }) => {
      metric.reset();
      for (const host of snapshot.hosts) metric.inc({ server: host.name }, read(host));
    };
  });
  return [...own, ...perServer];
}

/** By Prometheus' naming rules a counter is known by its name. */
const create = (
  name: string,
  options: { name: string; help: string; labelNames?: readonly string[]; registers: Registry[] },
): Counter | Gauge => (name.endsWith("_total") ? new Counter(options) : new Gauge(options));

/** The series that have other labels, or are not there for every server. */
function createLabelled(registry: Registry, version: string): Collect[] {
  const registers = [registry];
  const requests = new Counter({
    name: "lbctl_requests_total",
    help: "Responses to clients, by the server that gave them (empty: the balancer itself) and status code.",
    labelNames: ["server", "code"],
    registers,
  });
  const shares = new Gauge({
    name: "lbctl_server_key_share_ratio",
    help: "Share of the key space that is the server's while all servers are up: exact on a hash ring, else measured.",
    labelNames: ["server"],
    registers,
  });
  const servers = new Gauge({ name: "lbctl_servers", help: "Servers, by state.", labelNames: ["state"], registers });
  const policy = new Gauge({
    name: "lbctl_policy_info",
    help: "Always 1; the labels say how servers are chosen.",
    labelNames: ["policy", "hash", "key"],
    registers,
  });
  const build = new Gauge({
    name: "lbctl_build_info",
    help: "Always 1; the labels say what runs.",
    labelNames: ["version", "node"],
    registers,
  });
  const accepted = new Gauge({
    name: "lbctl_accepted_by_info",
    help: "Always 1; the label says who gives workers their connections: the kernel, or a dispatcher above them.",
    labelNames: ["by"],
    registers,
  });
  build.set({ version, node: process.version }, 1);

  return [
    ({ plane }) => {
      accepted.reset();
      accepted.set({ by: plane.acceptedBy }, 1);
    },
    ({ cluster, plane }) => {
      requests.reset();
      for (const { name: server, counts } of cluster.snapshot.hosts)
        for (const [code, count] of counts.responses) requests.inc({ server, code }, count);
      for (const [code, count] of plane.localReplies) requests.inc({ server: "", code }, count);
    },
    ({ cluster: { snapshot } }) => {
      for (const metric of [shares, policy]) metric.reset();
      for (const [server, share] of sharesOf(snapshot)) shares.set({ server }, share);
      policy.set(
        { policy: formatPolicy(snapshot.policy), hash: snapshot.hash.name, key: formatHashKey(snapshot.key) },
        1,
      );
    },
    ({ cluster: { snapshot } }) => {
      for (const state of ["up", "down", "draining"]) servers.set({ state }, countOf(snapshot.hosts, state));
    },
  ];
}

const countOf = (hosts: readonly Host[], state: string): number =>
  hosts.filter((host) => stateOf(host) === state).length;
