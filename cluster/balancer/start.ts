import type { Member } from "../../src/placement/index.ts";
import { createMetrics } from "./admin/metrics.ts";
import { type ControlOptions, type RunningControl, startControl } from "./admin/server.ts";
import { Cluster } from "./cluster/cluster.ts";
import { HealthChecks } from "./cluster/health-checks.ts";
import { ConfigError, isLoopback } from "./config/address.ts";
import type { BalancerConfig } from "./config/config.ts";
import type { Settings } from "./config/options.ts";
import { parseTrustedProxies } from "./config/trusted-proxies.ts";
import type { DataPlane } from "./proxy/data-plane.ts";
import { startDataPlane } from "./proxy/data-plane.ts";
import { closeSink, openSink } from "./telemetry/access-log-sink.ts";
import { type BalancerEvent, Events } from "./telemetry/events.ts";
import { LatencyHistogram } from "./telemetry/latency-histogram.ts";
import type { WorkerSetup } from "./workers/messages.ts";

export interface RunningBalancer {
  readonly port: number;
  readonly controlPort: number | null;
  /** How connections come to its workers, in words; null where it is one process. */
  readonly workersNote: string | null;
  /** Makes these the servers at once, as the control API does; throws and changes nothing when they cannot be. */
  replaceServers(members: readonly Member[]): { readonly added: number; readonly removed: number };
  /** Opens the access log anew: its file has been renamed. */
  reopenLog(): Promise<void>;
  /** Stops accepting, lets requests in flight end (`drainMs` at most), and leaves nothing behind. */
  close(): Promise<void>;
}

/**
 * Starts a balancer in this process. `log` is called with every change: a server up or down, a membership, a policy. Rejects with a ConfigError or PlacementError for a configuration that cannot be,
 * and with the system's error (`EADDRINUSE`, …) for a port that it cannot have.
 */
export async function startBalancer(
  config: BalancerConfig,
  log: (event: BalancerEvent) => void = () => {},
): Promise<RunningBalancer> {
  checkControl(config);
  checkProxyProtocol(config);
  const events = new Events();
  events.subscribe(log);
  const durations = new LatencyHistogram();
  const metrics = createMetrics(durations, config.version);
  const checks = new HealthChecks(config.check, (host, error) => cluster.recordCheck(host, error));
  let plane: DataPlane | undefined;
  const cluster = new Cluster(config, {
    onHostAdded: (host) => checks.watch(host),
    onHostRemoved: (host) => {
      checks.forget(host);
      plane?.forget(host);
    },
    onHostDown: (host) => plane?.hostDown(host),
    emit: (event) => events.emit(event),
    onChange: () => plane?.update(),
  });
  const stop = (): void => {
    checks.close();
    cluster.close();
  };
  try {
    plane = await startPlane(config, cluster, durations, events);
    const control = await startControlFor(config, { ...config, cluster, plane, metrics, events });
    // A port that is taken is reported before anything about servers.
    checks.start();
    return running(config, cluster, plane, control, stop);
  } catch (error) {
    stop();
    await plane?.close(0);
    throw error;
  }
}

/** In this process, or in several under it. */
async function startPlane(
  config: BalancerConfig,
  cluster: Cluster,
  durations: LatencyHistogram,
  events: Events,
): Promise<DataPlane> {
  const trust = parseTrustedProxies(config.trust);
  const emit = (event: BalancerEvent): void => events.emit(event);
  if (config.workers === 1) return await startDataPlane({ ...config, cluster, trust, durations, emit });
  // Workers have no mouth for a user's mistakes.
  if (config.accessLog !== null) closeSink(await openSink(config.accessLog));
  if (config.workerFile === null) throw new ConfigError("several workers need a module to run");
  const { startWorkersPlane } = await import("./workers/primary.ts");
  return await startWorkersPlane({
    workers: config.workers,
    file: config.workerFile,
    setup: workerSetup(config),
    cluster,
    durations,
    emit,
  });
}

/** Limits on all that the workers do together. */
const sharedOut = [
  "maxConnections",
  "maxClientConnections",
  "maxServerConnections",
  "maxPending",
  "maxInFlight",
  "retryFloor",
] as const satisfies readonly (keyof Settings)[];

/** What of the configuration a worker needs: it is plain data. What is limited in all is shared out. */
function workerSetup({ members, check, token, policy, hash, version, ...setup }: BalancerConfig): WorkerSetup {
  const shares = sharedOut.map((field) => [field, Math.ceil(setup[field] / setup.workers)]);
  return { ...setup, ...Object.fromEntries(shares) };
}

/** The control port can do everything, so it is neither open to the network nor to everyone on this machine. */
function checkControl({ control, controlExposed, token }: BalancerConfig): void {
  if (control === null) return;
  if (token === null) throw new ConfigError("a control port needs a token: set LBCTL_TOKEN");
  if (!isLoopback(control.host) && !controlExposed)
    throw new ConfigError(
      `the control port listens on loopback alone, not on ${control.host}, unless LBCTL_CONTROL_EXPOSED=1`,
    );
}

/** Who may name any address as its client's can pass every limit on addresses, and choose its server. */
function checkProxyProtocol({ proxyProtocol, trust }: BalancerConfig): void {
  if (proxyProtocol && trust.length === 0)
    throw new ConfigError(
      "the PROXY protocol needs to know whom to believe: name the proxies in --trust (LBCTL_TRUST)",
    );
}

const startControlFor = async (
  { control, token }: BalancerConfig,
  context: Omit<ControlOptions, "control" | "token">,
): Promise<RunningControl | null> =>
  control === null || token === null ? null : startControl({ ...context, control, token });

const workersNote = ({ workers, acceptedBy }: DataPlane): string =>
  acceptedBy === "kernel"
    ? `${workers} workers, to which the kernel gives connections`
    : `${workers} workers, to which a dispatcher gives connections (Node 22.12 or newer leaves it to the kernel)`;

const running = (
  { drainMs }: BalancerConfig,
  cluster: Cluster,
  plane: DataPlane,
  control: RunningControl | null,
  stop: () => void,
): RunningBalancer => ({
  port: plane.port,
  controlPort: control?.port ?? null,
  workersNote: plane.workers === 1 ? null : workersNote(plane),
  replaceServers: (wanted) => {
    const before = cluster.snapshot.hosts;
    const removed = cluster.replace(wanted).length;
    return { added: cluster.snapshot.hosts.length - before.length + removed, removed };
  },
  reopenLog: () => plane.reopenLog(),
  close: async () => {
    // The control port stays until the end: one may watch the drain.
    await plane.close(drainMs);
    stop();
    await control?.close();
  },
});
