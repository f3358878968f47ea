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

const nothing = { schema: z.unknown() };

const membership = z.strictObject({
  servers: z.array(z.strictObject({ name: z.string(), address: z.string(), weight: z.number().default(1) })),
});

const policy = z.strictObject({
  policy: z.string(),
  hash: z.string().optional(),
  key: z.string().optional(),
  /** The sources of the modules that they name, by their names. */
  modules: z.record(z.string(), z.string()).default({}),
});

const outcome = z.union([z.strictObject({ ok: z.literal(true) }), z.strictObject({ error: z.string().max(1000) })]);

/** Every request that the control port knows. */
export const routes: readonly Route[] = [
  route("GET", /^\/v1\/servers$/, nothing, showServers),
  route("PUT", /^\/v1\/servers$/, { schema: membership }, replaceMembers),
  route("POST", /^\/v1\/servers\/([^/]+)\/(drain|ready)$/, nothing, setDraining),
  route("GET", /^\/v1\/policy$/, nothing, ({ context }) => ok({ ...showPolicy(context), ...showModules(context) })),
  route("PUT", /^\/v1\/policy$/, { schema: policy }, setPolicy),
  route("GET", /^\/v1\/placement$/, nothing, placeKey),
  route("GET", /^\/v1\/events$/, nothing, openEvents),
  // `wanted` is a former name of `scale-requests`.
  route("POST", /^\/v1\/(?:scale-requests|wanted)\/([^/]+)$/, { schema: outcome }, settleScaleRequest),
  route("GET", /^\/metrics$/, nothing, scrape),
  ...classroomRoutes,
];

async function showServers({ context }: Call<unknown>): Promise<ControlResponse> {
  await context.plane.refresh();
  return ok(overview(context));
}

const overview = ({ cluster, plane }: ControlContext): object => ({
  servers: cluster.snapshot.hosts.map((host) => describe(host, cluster.snapshot)),
  policy: formatPolicy(cluster.snapshot.policy),
  hash: cluster.snapshot.hash.name,
  key: formatHashKey(cluster.snapshot.key),
  panic: cluster.snapshot.availability.panic,
  workers: plane.workers,
  acceptedBy: plane.acceptedBy,
  connections: { client: plane.connections, accepted: plane.counts.connectionsAccepted },
  bytes: { received: plane.counts.bytesReceived, sent: plane.counts.bytesSent },
  localReplies: Object.fromEntries(plane.localReplies),
  /** Its name until 0.2. */
  refusals: Object.fromEntries(plane.localReplies),
});

const describe = (host: Host, snapshot: ClusterSnapshot): object => ({
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
  /** Given requests although it is down: a panic. */
  usedInPanic: host.usedInPanic,
  /** Its name until 0.2. */
  forced: host.usedInPanic,
  keyShare: sharesOf(snapshot).get(host.name) ?? null,
  retryOverflow: host.counts.retryOverflow,
  /** Its name until 0.2. */
  retriesRefused: host.counts.retryOverflow,
  responses: Object.fromEntries(host.counts.responses),
  /** Its name until 0.2. */
  answers: Object.fromEntries(host.counts.responses),
  connections: {
    open: host.connections,
    made: host.counts.connectionsOpened,
    reused: host.counts.connectionsReused,
  },
  bytes: { sent: host.counts.bytesSent, received: host.counts.bytesReceived },
});

/** Answers when nobody who left has a request in flight, so that the caller may stop them then, or says who still has. */
async function replaceMembers({ context, body }: Call<z.infer<typeof membership>>): Promise<ControlResponse> {
  const left = context.cluster.replace(body.servers);
  await context.plane.refresh();
  await untilIdle(left, context.drainMs);
  const stillInFlight = left.filter(({ inFlight }) => inFlight > 0).map(({ name, inFlight }) => ({ name, inFlight }));
  return ok({ ...overview(context), drained: stillInFlight.length === 0, stillInFlight });
}

async function setDraining({ context, params: [name = "", action] }: Call<unknown>): Promise<ControlResponse> {
  const host = context.cluster.find(name);
  if (host === undefined) throw new ControlError(404, "no-such-server", `There is no server called ${name}.`);
  context.cluster.setDraining(host, action === "drain");
  await context.plane.refresh();
  return ok(describe(host, context.cluster.snapshot));
}

const showPolicy = ({ cluster }: ControlContext): object => {
  const { policy: spec, hash, key } = cluster.snapshot;
  return { policy: formatPolicy(spec), hash: hash.name, key: formatHashKey(key) };
};

const showModules = ({ cluster }: ControlContext): object => ({
  modules: sourcesOf(cluster.snapshot.policy, cluster.snapshot.hash),
});

/** Code comes in here, and nowhere else: behind the token of the control port. */
async function setPolicy({ context, body }: Call<z.infer<typeof policy>>): Promise<ControlResponse> {
  const { cluster } = context;
  const modules = await loadModules({ ...sourcesOf(cluster.snapshot.policy, cluster.snapshot.hash), ...body.modules });
  cluster.setPolicy({
    policy: parsePolicy(body.policy, modules),
    hash: body.hash === undefined ? cluster.snapshot.hash : parseHash(body.hash, modules),
    key: body.key === undefined ? cluster.snapshot.key : parseHashKey(body.key),
  });
  await context.plane.refresh();
  return ok(showPolicy(context));
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

function settleScaleRequest({ context, params: [id = ""], body }: Call<z.infer<typeof outcome>>): ControlResponse {
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
