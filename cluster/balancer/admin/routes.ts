import * as z from "zod";
import { loadModules } from "../../../src/modules/load.ts";
import { formatPolicy, parseHash, parsePolicy, sourcesOf } from "../../../src/placement/index.ts";
import { type Host, stateOf, untilIdle } from "../cluster/host.ts";
import { sharesOf } from "../cluster/key-shares.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";
import { formatHashKey, parseHashKey } from "../config/hash-key.ts";
import { ControlError } from "./auth.ts";
import { classroomRoutes } from "./classroom.ts";
import { type Call, type ControlContext, type ControlResponse, ok, type Route, route } from "./route.ts";
import {
  type ClusterStatus,
  type HostStatus,
  type PlacementStatus,
  type PolicyStatus,
  policyBody,
  scaleOutcomeBody,
  serversBody,
} from "./schema.ts";

const nothing = { schema: z.unknown() };

/** The names of fields until 0.2, which scripts may read still. */
interface ClusterAliases {
  readonly refusals: ClusterStatus["localReplies"];
}
interface HostAliases {
  readonly forced: boolean;
  readonly retriesRefused: number;
  readonly answers: HostStatus["responses"];
}

/** Every request that the control port knows. */
export const routes: readonly Route[] = [
  route("GET", /^\/v1\/servers$/, nothing, showServers),
  route("PUT", /^\/v1\/servers$/, { schema: serversBody }, replaceServers),
  route("POST", /^\/v1\/servers\/([^/]+)\/(drain|ready)$/, nothing, setDraining),
  route("GET", /^\/v1\/policy$/, nothing, showPolicy),
  route("PUT", /^\/v1\/policy$/, { schema: policyBody }, setPolicy),
  route("GET", /^\/v1\/placement$/, nothing, placeKey),
  route("GET", /^\/v1\/events$/, nothing, openEvents),
  // `wanted` is a former name of `scale-requests`.
  route("POST", /^\/v1\/(?:scale-requests|wanted)\/([^/]+)$/, { schema: scaleOutcomeBody }, settleScaleRequest),
  route("GET", /^\/metrics$/, nothing, scrape),
  ...classroomRoutes,
];

async function showServers({ context }: Call<unknown>): Promise<ControlResponse> {
  await context.plane.refresh();
  return ok(describeCluster(context));
}

const describeCluster = ({ cluster, plane }: ControlContext): ClusterStatus & ClusterAliases => ({
  servers: cluster.snapshot.hosts.map((host) => describeHost(host, cluster.snapshot)),
  ...describePlacement(cluster.snapshot),
  panic: cluster.snapshot.availability.panic,
  workers: plane.workers,
  acceptedBy: plane.acceptedBy,
  connections: { client: plane.connections, accepted: plane.counts.connectionsAccepted },
  bytes: { received: plane.counts.bytesReceived, sent: plane.counts.bytesSent },
  localReplies: Object.fromEntries(plane.localReplies),
  refusals: Object.fromEntries(plane.localReplies),
});

const describeHost = (host: Host, snapshot: ClusterSnapshot): HostStatus & HostAliases => ({
  name: host.name,
  address: host.address,
  weight: host.weight,
  state: stateOf(host),
  requests: host.counts.requests,
  failures: host.counts.failures,
  retries: host.counts.retries,
  inFlight: host.inFlight,
  lastError: host.lastError,
  healthy: host.healthy,
  ejected: host.ejected,
  ejections: host.counts.ejections,
  usedInPanic: host.usedInPanic,
  forced: host.usedInPanic,
  keyShare: sharesOf(snapshot).get(host.name) ?? null,
  retryOverflow: host.counts.retryOverflow,
  retriesRefused: host.counts.retryOverflow,
  responses: Object.fromEntries(host.counts.responses),
  answers: Object.fromEntries(host.counts.responses),
  connections: {
    open: host.connections,
    made: host.counts.connectionsOpened,
    reused: host.counts.connectionsReused,
  },
  bytes: { sent: host.counts.bytesSent, received: host.counts.bytesReceived },
});

const describePlacement = ({ policy, hash, key }: ClusterSnapshot): PlacementStatus => ({
  policy: formatPolicy(policy),
  hash: hash.name,
  key: formatHashKey(key),
});

function showPolicy({ context }: Call<unknown>): ControlResponse {
  const { snapshot } = context.cluster;
  const modules = sourcesOf(snapshot.policy, snapshot.hash);
  return ok({ ...describePlacement(snapshot), modules } satisfies PolicyStatus);
}

/** Responds when no server that left has a request in flight, so that the caller may stop them then, or says which still has. */
async function replaceServers({ context, body }: Call<z.infer<typeof serversBody>>): Promise<ControlResponse> {
  const left = context.cluster.replace(body.servers);
  await context.plane.refresh();
  await untilIdle(left, context.drainMs);
  const stillInFlight = left.filter(({ inFlight }) => inFlight > 0).map(({ name, inFlight }) => ({ name, inFlight }));
  return ok({ ...describeCluster(context), drained: stillInFlight.length === 0, stillInFlight });
}

async function setDraining({ context, params: [name = "", action] }: Call<unknown>): Promise<ControlResponse> {
  const host = context.cluster.find(name);
  if (host === undefined) throw new ControlError(404, "no-such-server", `There is no server called ${name}.`);
  context.cluster.setDraining(host, action === "drain");
  await context.plane.refresh();
  return ok(describeHost(host, context.cluster.snapshot));
}

/** The one place where code comes in, behind the token of the control port. */
async function setPolicy({ context, body }: Call<z.infer<typeof policyBody>>): Promise<ControlResponse> {
  const { cluster } = context;
  const modules = await loadModules({ ...sourcesOf(cluster.snapshot.policy, cluster.snapshot.hash), ...body.modules });
  cluster.setPolicy({
    policy: parsePolicy(body.policy, modules),
    hash: body.hash === undefined ? cluster.snapshot.hash : parseHash(body.hash, modules),
    key: body.key === undefined ? cluster.snapshot.key : parseHashKey(body.key),
  });
  await context.plane.refresh();
  return ok(describePlacement(cluster.snapshot));
}

function placeKey({ context, query }: Call<unknown>): ControlResponse {
  const key = query.get("key");
  if (key === null) throw new ControlError(400, "no-key", "Say which key: /v1/placement?key=KEY");
  return ok({ key, candidates: context.cluster.candidates(key) });
}

function openEvents({ context, query, response }: Call<unknown>): null {
  const { streams, scaleRequests } = context;
  streams.open(response, query.get("provision") === "1", () => scaleRequests.supervisorLeft(response));
  return null;
}

function settleScaleRequest({
  context,
  params: [id = ""],
  body,
}: Call<z.infer<typeof scaleOutcomeBody>>): ControlResponse {
  const known = context.scaleRequests.settle(id, "error" in body ? body.error : null);
  if (!known) throw new ControlError(404, "no-such-scale-request", "No scale request with this id is pending.");
  return ok({ id });
}

async function scrape({ context }: Call<unknown>): Promise<ControlResponse> {
  const { cluster, plane, metrics } = context;
  await plane.refresh();
  const text = await metrics.text({ cluster, plane });
  return { status: 200, body: text, type: metrics.contentType };
}
