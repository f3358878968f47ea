/** The data plane on plain sockets, with the codec of `src/http1` on both sides. */
import { setTimeout } from "node:timers/promises";
import { normalizeIp } from "../config/address.ts";
import type { Settings } from "../config/options.ts";
import { AccessLog } from "../telemetry/access-log.ts";
import { RetryBudget } from "./budget.ts";
import { Client } from "./client.ts";
import type { PlaneContext } from "./context.ts";
import { Door } from "./door.ts";
import { type Accepted, type Listener, listenFor, openAccepted, type Receiver } from "./listener.ts";
import {
  type DataPlane,
  type DataPlaneOptions,
  newProxyCounters,
  ownUsage,
  type ProxyCounters,
  type StartDataPlane,
} from "./plane.ts";
import { Pool } from "./pool.ts";
import { Pools } from "./pools.ts";
import { Readers } from "./readers.ts";
import { statusOf } from "./refusal.ts";
import { byTurns } from "./turns.ts";

/** Starts to take requests; rejects with the system's error when the port is taken. */
export const startSocketPlane: StartDataPlane = (options) =>
  openSocketPlane(options, (take) => listenFor(options.listen, take));

/** The same, for connections that come from wherever `open` has them. */
export async function openSocketPlane(
  options: DataPlaneOptions,
  open: (take: (accepted: Accepted) => void) => Promise<Listener>,
): Promise<DataPlane> {
  const clients = new Set<Client>();
  const localReplies = new Map<number, number>();
  const counts = newProxyCounters();
  const log = options.accessLog === null ? null : await AccessLog.open(options.accessLog, counts, options.emit);
  const context = newContext(options, localReplies, counts, log);
  const listener = await open((accepted) => {
    const receiver: Receiver = { take: () => {} };
    const socket = openAccepted(accepted, receiver);
    const address = normalizeIp(socket.remoteAddress ?? "");
    if (!context.door.isFull(clients.size) && context.door.enter(address)) {
      counts.connectionsAccepted += 1;
      clients.add(new Client(context, socket, receiver, address, (client) => clients.delete(client)));
    } else context.door.turnAway(socket);
  }).catch(async (error: unknown) => {
    await log?.close();
    throw error;
  });
  const turns = byTurns(clients);
  const sweep = (): void => {
    context.now = performance.now();
    for (let left = Math.ceil(clients.size / sweepParts); left > 0; left -= 1) turns.next().value?.sweep(context.now);
    context.pools.sweep(context.now);
  };
  // What has come while the process was busy, or stopped, is read first: it is not late.
  const sweeps = setInterval(() => setImmediate(sweep), sweepMs(options) / sweepParts);
  return {
    port: listener.port,
    localReplies,
    counts,
    workers: 1,
    restarts: 0,
    get connections() {
      return clients.size;
    },
    get usage() {
      return ownUsage();
    },
    // It looks at the members itself, and counts in place: but for bytes, which the sockets count.
    update: () => {},
    refresh: async () => {
      for (const client of clients) client.countBytes();
      context.pools.countBytes();
    },
    reopenLog: async () => log?.reopen(),
    hostDown: () => {},
    forget: (host) => context.pools.forget(host),
    close: async (deadlineMs) => {
      context.closing = true;
      context.door.close();
      await closeAll(listener, clients, deadlineMs);
      clearInterval(sweeps);
      context.pools.close();
      await log?.close();
    },
  };
}

function newContext(
  options: DataPlaneOptions,
  localReplies: Map<number, number>,
  counts: ProxyCounters,
  log: AccessLog | null,
): PlaneContext {
  const context: PlaneContext = {
    members: options.members,
    trust: options.trust,
    settings: options,
    readers: new Readers(options),
    door: new Door(options, options.trust, () => count(localReplies, statusOf("too-many-connections"))),
    pools: new Pools((host) => new Pool(context, host)),
    budget: new RetryBudget(options),
    counts,
    log,
    now: performance.now(),
    closing: false,
    done: (seconds, refused) => {
      options.durations.observe(seconds);
      if (refused !== null) count(localReplies, refused);
    },
  };
  return context;
}

const count = (localReplies: Map<number, number>, status: number): void => {
  localReplies.set(status, (localReplies.get(status) ?? 0) + 1);
};

/** The clients are looked at by turns: the requests of the others would wait while many were cut at once. */
const sweepParts = 10;

/** Often enough that no timeout is late by more than a quarter of it, or half a second. */
function sweepMs(options: Settings): number {
  const { connectTimeoutMs, responseTimeoutMs, headTimeoutMs, idleTimeoutMs, stallTimeoutMs } = options;
  const shortest = Math.min(connectTimeoutMs, responseTimeoutMs, headTimeoutMs, idleTimeoutMs, stallTimeoutMs);
  return Math.min(Math.max(shortest / 4, 5), 500);
}

/** Stops accepting, cuts each connection that has no request, and all of them after `deadlineMs`. */
async function closeAll(listener: Listener, clients: ReadonlySet<Client>, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  const closed = listener.close();
  // Not this instant: the first request of a new connection may be on its way. Others fall idle later.
  do {
    await setTimeout(20);
    const isLate = performance.now() >= deadline;
    for (const client of clients) if (isLate || !client.isBusy) client.destroy();
  } while (clients.size > 0);
  await closed;
}
