/**
 * The messages of the control API, once for both of its ends: the balancer checks requests and types its responses by
 * them, and clients the other way round. A client ignores fields that it does not know; the balancer rejects them.
 */
import * as z from "zod";

/** The body of `PUT /v1/servers`: all servers that the balancer is to have. */
export const serversBody = z.strictObject({
  servers: z.array(z.strictObject({ name: z.string(), address: z.string(), weight: z.number().default(1) })),
});
export type ServersBody = z.input<typeof serversBody>;

/** The body of `PUT /v1/policy`; a hash or key that is left out stays. */
export const policyBody = z.strictObject({
  policy: z.string(),
  hash: z.string().optional(),
  key: z.string().optional(),
  /** The sources of the modules that the policy and the hash name, by the modules' names. */
  modules: z.record(z.string(), z.string()).default({}),
});
export type PolicyBody = z.input<typeof policyBody>;

/** The body of `POST /v1/scale-requests/ID`: whether the supervisor fulfilled it, or why not. */
export const scaleOutcomeBody = z.union([
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ error: z.string().max(1000) }),
]);
export type ScaleOutcomeBody = z.input<typeof scaleOutcomeBody>;

/** The event that asks the attached supervisor for servers more or fewer: the balancer starts and stops none. */
export const scaleRequestEvent = z.object({
  type: z.literal("scale-request"),
  id: z.string(),
  action: z.enum(["add", "rm"]),
  n: z.int().positive(),
  /** The names that were asked for; the supervisor names, or picks, the rest of `n`. */
  hostnames: z.array(z.string()),
});
export type ScaleRequestEvent = z.infer<typeof scaleRequestEvent>;

const counts = z.record(z.string(), z.number());

const hostStatus = z.object({
  name: z.string(),
  address: z.string(),
  weight: z.number(),
  state: z.enum(["up", "down", "draining"]),
  requests: z.number(),
  failures: z.number(),
  retries: z.number(),
  inFlight: z.number(),
  lastError: z.string().nullable(),
  healthy: z.boolean(),
  ejected: z.boolean(),
  ejections: z.number(),
  /** The server is given requests although it is down: a panic. */
  usedInPanic: z.boolean(),
  /** The share of the key space that the server owns, 0 to 1; null for a policy without keys. */
  keyShare: z.number().nullable(),
  /** Retries that the retry budget rejected. */
  retryOverflow: z.number(),
  /** Responses by the class of their status. */
  responses: counts,
  connections: z.object({ open: z.number(), made: z.number(), reused: z.number() }),
  bytes: z.object({ sent: z.number(), received: z.number() }),
});
/** A server as the balancer has it, with its counts since the balancer started. */
export type HostStatus = z.infer<typeof hostStatus>;

const placementStatus = z.object({ policy: z.string(), hash: z.string(), key: z.string() });
/** How keys are placed. */
export type PlacementStatus = z.infer<typeof placementStatus>;

/** The response to `GET /v1/servers`: the servers with their state and counts, how keys are placed, and the balancer's own counts. */
export const clusterStatus = placementStatus.extend({
  servers: z.array(hostStatus),
  panic: z.boolean(),
  workers: z.number(),
  acceptedBy: z.string(),
  connections: z.object({ client: z.number(), accepted: z.number() }),
  bytes: z.object({ received: z.number(), sent: z.number() }),
  /** Responses that the balancer made itself, by their reason. */
  localReplies: counts,
});
export type ClusterStatus = z.infer<typeof clusterStatus>;

/** The response to `GET /v1/policy`: how keys are placed, with the sources of the modules that takes, by the modules' names. */
export const policyStatus = placementStatus.extend({ modules: z.record(z.string(), z.string()) });
export type PolicyStatus = z.infer<typeof policyStatus>;

/** The body of every error: a name for scripts, and a sentence. */
export const errorBody = z.object({ error: z.object({ reason: z.string(), message: z.string() }) });
export type ErrorBody = z.infer<typeof errorBody>;
