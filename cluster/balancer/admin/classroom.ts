/** The protocol of the well-known distributed-systems assignment: who is there, add some, remove some. */
import * as z from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import { type Call, type ControlResponse, ok, type Route, route } from "./route.ts";

const name = z
  .string("a hostname is a string")
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/, "a hostname has 1 to 63 letters, digits or . _ -");

const schema = z.object(
  {
    n: z.int("n must be a whole number").positive("n must be more than 0").max(1000, "n must be at most 1000"),
    hostnames: z
      .array(name, "hostnames must be a list of names")
      .refine((names) => new Set(names).size === names.length, "a hostname is given twice")
      .default([]),
  },
  "the body must be an object with n and hostnames",
);

type ScaleRequest = z.infer<typeof schema>;

export const classroomRoutes: readonly Route[] = [
  route("GET", /^\/rep$/, { schema: z.unknown(), classroom: true }, ({ context }) => ok(replicas(context.cluster))),
  route("POST", /^\/add$/, { schema, classroom: true }, (call) => scale(call, "add", whyNotAdd)),
  route("DELETE", /^\/rm$/, { schema, classroom: true }, (call) => scale(call, "rm", whyNotRemove)),
];

/** An error in the protocol's shape. */
export const classroomError = (status: number, message: string): ControlResponse => ({
  status,
  body: { message: `<Error> ${message}`, status: "failure" },
});

async function scale(
  { context, body }: Call<ScaleRequest>,
  action: "add" | "rm",
  whyNot: (request: ScaleRequest, cluster: Cluster) => string | null,
): Promise<ControlResponse> {
  const objection = whyNot(body, context.cluster);
  if (objection !== null) return classroomError(400, objection);
  const { status, message } = await context.scaleRequests.send({ action, ...body });
  return status === 200 ? ok(replicas(context.cluster)) : classroomError(status, message);
}

function whyNotAdd({ n, hostnames }: ScaleRequest, cluster: Cluster): string | null {
  if (hostnames.length > n) return "Length of hostname list is more than newly added instances";
  const taken = hostnames.find((hostname) => namesOf(cluster).has(hostname));
  return taken === undefined ? null : `'${taken}' is there already`;
}

function whyNotRemove({ n, hostnames }: ScaleRequest, cluster: Cluster): string | null {
  if (hostnames.length > n) return "Length of hostname list is more than removable instances";
  const unknown = hostnames.find((hostname) => !namesOf(cluster).has(hostname));
  if (unknown !== undefined) return `'${unknown}' is not among the replicas`;
  const there = cluster.snapshot.hosts.length;
  return n > there ? `n is ${n}, but there are ${there} replicas` : null;
}

/** Both names of every server: as the classroom writes it, and as everything else does. */
const namesOf = ({ snapshot }: Cluster): ReadonlySet<string> =>
  new Set(snapshot.hosts.flatMap(({ name }) => [name, replicaName(name)]));

const replicas = ({ snapshot }: Cluster): object => ({
  message: { N: snapshot.hosts.length, replicas: snapshot.hosts.map((host) => replicaName(host.name)) },
  status: "successful",
});

/** The assignment writes `Server 1` for what everything else here calls `server-1`. */
const replicaName = (name: string): string => name.replace(/^server-(\d+)$/, "Server $1");
