import type { Cluster } from "../cluster/cluster.ts";
import { type Host, stateOf } from "../cluster/host.ts";
import type { ProxyStats } from "../telemetry/proxy-stats.ts";

/** What the metrics are read from. */
export interface MetricsSource {
  readonly cluster: Cluster;
  readonly plane: ProxyStats;
}

/** One series: a counter where its name ends in `_total`, else a gauge. */
interface Series<Of> {
  readonly name: string;
  readonly help: string;
  readonly read: (of: Of) => number;
}

/** What is said of each server, with its name as the label `server`. */
export const ofServers: readonly Series<Host>[] = [
  { name: "lbctl_server_up", help: "1 when the server is given requests.", read: (at) => +(stateOf(at) === "up") },
  { name: "lbctl_server_weight", help: "The server's weight.", read: ({ weight }) => weight },
  { name: "lbctl_in_flight", help: "Requests at the server now.", read: ({ inFlight }) => inFlight },
  { name: "lbctl_retries_total", help: "Attempts made again.", read: ({ counts }) => counts.retries },
  {
    name: "lbctl_retry_overflow_total",
    help: "Attempts that were not made again because the retry budget was spent.",
    read: ({ counts }) => counts.retryOverflow,
  },
  {
    name: "lbctl_retries_refused_total",
    help: "The former name of lbctl_retry_overflow_total.",
    read: ({ counts }) => counts.retryOverflow,
  },
  {
    name: "lbctl_upstream_failures_total",
    help: "Attempts that ended without a whole response.",
    read: ({ counts }) => counts.failures,
  },
  {
    name: "lbctl_server_ejected",
    help: "1 while the server is given nothing because requests failed at it.",
    read: ({ ejected }) => +ejected,
  },
  {
    name: "lbctl_server_ejections_total",
    help: "How often the server was ejected for that.",
    read: ({ counts }) => counts.ejections,
  },
  {
    name: "lbctl_server_connections",
    help: "Open connections to the server.",
    read: ({ connections }) => connections,
  },
  {
    name: "lbctl_server_connections_made_total",
    help: "Connections to the server that were made.",
    read: ({ counts }) => counts.connectionsOpened,
  },
  {
    name: "lbctl_server_connections_reused_total",
    help: "Requests that went out on a connection used before.",
    read: ({ counts }) => counts.connectionsReused,
  },
  {
    name: "lbctl_server_sent_bytes_total",
    help: "Bytes sent to the server, heads included.",
    read: ({ counts }) => counts.bytesSent,
  },
  {
    name: "lbctl_server_received_bytes_total",
    help: "Bytes received from the server, heads included.",
    read: ({ counts }) => counts.bytesReceived,
  },
];

/** What is said once. */
export const ofTheBalancer: readonly Series<MetricsSource>[] = [
  {
    name: "lbctl_panic",
    help: "1 while so few servers are up that down ones are used too.",
    read: ({ cluster }) => +cluster.snapshot.availability.panic,
  },
  { name: "lbctl_client_connections", help: "Open client connections.", read: ({ plane }) => plane.connections },
  {
    name: "lbctl_client_connections_accepted_total",
    help: "Client connections that were accepted.",
    read: ({ plane }) => plane.counts.connectionsAccepted,
  },
  {
    name: "lbctl_client_received_bytes_total",
    help: "Bytes received from clients, heads included.",
    read: ({ plane }) => plane.counts.bytesReceived,
  },
  {
    name: "lbctl_client_sent_bytes_total",
    help: "Bytes sent to clients, heads included.",
    read: ({ plane }) => plane.counts.bytesSent,
  },
  {
    name: "lbctl_access_log_lines_total",
    help: "Lines written to the access log.",
    read: ({ plane }) => plane.counts.linesLogged,
  },
  {
    name: "lbctl_access_log_dropped_lines_total",
    help: "Lines that came faster than they could be written, or could not be.",
    read: ({ plane }) => plane.counts.linesDropped,
  },
  { name: "lbctl_workers", help: "Processes that serve.", read: ({ plane }) => plane.workers },
  {
    name: "lbctl_worker_restarts_total",
    help: "Workers that ended and had another take their place.",
    read: ({ plane }) => plane.restarts,
  },
  // prom-client's own process metrics keep observers running that nothing stops, so these are read here.
  {
    name: "process_cpu_seconds_total",
    help: "CPU time, user and system, of all processes.",
    read: ({ plane }) => plane.usage.cpuSeconds,
  },
  {
    name: "process_resident_memory_bytes",
    help: "Resident memory of all processes.",
    read: ({ plane }) => plane.usage.residentBytes,
  },
  {
    name: "process_start_time_seconds",
    help: "When the balancer began, since 1970.",
    read: () => performance.timeOrigin / 1_000,
  },
];
