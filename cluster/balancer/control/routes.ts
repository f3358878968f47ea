import { z } from "zod";
import { loadModules } from "../../../src/modules/load.ts";
import { formatPolicy, parseHash, parsePolicy, sourcesOf } from "../../../src/placement/index.ts";
import { formatKey, parseKey } from "../key.ts";
import { sharesOf } from "../key-shares.ts";
import { idle, stateOf, type Upstream } from "../upstream.ts";
import type { View } from "../view.ts";
import { classroomRoutes } from "./classroom.ts";
import { ControlError } from "./guard.ts";
import { type Answer, type Call, type ControlContext, ok, type Route, route } from "./route.ts";

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
  route("POST", /^\/v1\/wanted\/([^/]+)$/, { schema: outcome }, settleWanted),
  route("GET", /^\/metrics$/, nothing, scrape),
  ...classroomRoutes,
];

async function showServers({ context }: Call<unknown>): Promise<Answer> {
  await context.plane.refresh();
  return ok(overview(context));
}

const overview = ({ members, plane }: ControlContext): object => ({
  servers: members.view.upstreams.map((upstream) => describe(upstream, members.view)),
  policy: formatPolicy(members.view.policy),
  hash: members.view.hash.name,
  key: formatKey(members.view.key),
  panic: members.view.availability.panic,
  workers: plane.workers,
  connections: { client: plane.connections, accepted: plane.counts.connectionsAccepted },
  bytes: { received: plane.counts.bytesReceived, sent: plane.counts.bytesSent },
  refusals: Object.fromEntries(plane.refusals),
});

const describe = (upstream: Upstream, view: View): object => ({
  name: upstream.name,
  address: upstream.address,
  weight: upstream.weight,
  state: stateOf(upstream),
  requests: upstream.counts.requests,
  failures: upstream.counts.failures,
  retries: upstream.counts.retries,
  inFlight: upstream.inFlight,
  lastError: upstream.lastError,
  healthy: upstream.healthy,
  ejected: upstream.ejected,
  ejections: upstream.counts.ejections,
  /** Given requests although it is down: a panic. */
  forced: upstream.forced,
  keyShare: sharesOf(view).get(upstream.name) ?? null,
  retriesRefused: upstream.counts.retriesRefused,
  answers: Object.fromEntries(upstream.counts.answers),
  connections: {
    open: upstream.connections,
    made: upstream.counts.connectionsMade,
    reused: upstream.counts.connectionsReused,
  },
  bytes: { sent: upstream.counts.bytesSent, received: upstream.counts.bytesReceived },
});

/** Answers when nobody who left has a request in flight, so that the caller may stop them then, or says who still has. */
async function replaceMembers({ context, body }: Call<z.infer<typeof membership>>): Promise<Answer> {
  const left = context.members.replace(body.servers);
  await context.plane.refresh();
  await idle(left, context.drainMs);
  const stillInFlight = left.filter(({ inFlight }) => inFlight > 0).map(({ name, inFlight }) => ({ name, inFlight }));
  return ok({ ...overview(context), drained: stillInFlight.length === 0, stillInFlight });
}

async function setDraining({ context, params: [name = "", action] }: Call<unknown>): Promise<Answer> {
  const upstream = context.members.find(name);
  if (upstream === undefined) throw new ControlError(404, "no-such-server", `There is no server called ${name}.`);
  context.members.setDraining(upstream, action === "drain");
  await context.plane.refresh();
  return ok(describe(upstream, context.members.view));
}

const showPolicy = ({ members }: ControlContext): object => {
  const { policy: spec, hash, key } = members.view;
  return { policy: formatPolicy(spec), hash: hash.name, key: formatKey(key) };
};

const showModules = ({ members }: ControlContext): object => ({
  modules: sourcesOf(members.view.policy, members.view.hash),
});

/** Code comes in here, and nowhere else: behind the token of the control port. */
async function setPolicy({ context, body }: Call<z.infer<typeof policy>>): Promise<Answer> {
  const { members } = context;
  const modules = await loadModules({ ...sourcesOf(members.view.policy, members.view.hash), ...body.modules });
  members.setPolicy({
    policy: parsePolicy(body.policy, modules),
    hash: body.hash === undefined ? members.view.hash : parseHash(body.hash, modules),
    key: body.key === undefined ? members.view.key : parseKey(body.key),
  });
  await context.plane.refresh();
  return ok(showPolicy(context));
}

function placeKey({ context, query }: Call<unknown>): Answer {
  const key = query.get("key");
  if (key === null) throw new ControlError(400, "no-key", "Say which key: /v1/placement?key=KEY");
  return ok({ key, candidates: context.members.candidates(key) });
}

function openEvents({ context, query, response }: Call<unknown>): null {
  const { streams, wanted } = context;
  streams.open(response, query.get("provision") === "1", () => wanted.supervisorLeft(response));
  return null;
}

function settleWanted({ context, params: [id = ""], body }: Call<z.infer<typeof outcome>>): Answer {
  const known = context.wanted.answer(id, "error" in body ? body.error : null);
  if (!known) throw new ControlError(404, "no-such-wish", "Nothing with this id waits for an answer.");
  return ok({ id });
}

async function scrape({ context }: Call<unknown>): Promise<Answer> {
  const { members, plane, metrics } = context;
  await plane.refresh();
  const text = await metrics.text({ members, plane });
  return { status: 200, body: text, type: metrics.contentType };
}
