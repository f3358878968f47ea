import { createHash } from "node:crypto";
import { balancerEnvironment, serverEnvironment } from "./environment.ts";
import { controlPort, type FleetSpec } from "./spec.ts";
import type { FleetFolder } from "./state.ts";

/** The user that everything in a container runs as. */
const user = "10001:10001";

/** No privilege of any kind, nothing to write to, and a log that can't fill the disk. */
const confined = {
  user,
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  pids_limit: 64,
  restart: "unless-stopped",
  stop_grace_period: "10s",
  logging: { driver: "json-file", options: { "max-size": "5m", "max-file": "2" } },
};

/**
 * The Compose project of a fleet: what its containers and network are named after. Fleets of one name in two state
 * folders are two.
 */
export const composeProject = ({ fleet, path }: FleetFolder): string =>
  `lbctl-${fleet}-${createHash("sha256").update(path).digest("hex").slice(0, 6)}`;

/**
 * The Compose document of a fleet: the balancer and one service a server on one private network. Images are never
 * pulled: they are built by `lbctl build`, or by `up` itself.
 */
export function composeDocument(folder: FleetFolder, spec: FleetSpec, token: string) {
  if (!spec.images) throw new Error("a fleet on Compose has images");
  const { images, bind } = spec;
  const control = controlPort(spec);
  const balancer = {
    ...confined,
    image: images.balancer,
    pull_policy: "never",
    environment: {
      ...balancerEnvironment(spec, token, "0.0.0.0"),
      // The port is published on the host's loopback only.
      LBCTL_CONTROL_EXPOSED: "1",
    },
    ports: [`${bind}:${spec.port}:${spec.port}`, `127.0.0.1:${control}:${control}`],
  };
  const servers = spec.servers.map((server) => [
    server.name,
    {
      ...confined,
      image: images.server,
      pull_policy: "never",
      environment: serverEnvironment(server, "0.0.0.0"),
      ports: [`${bind}:${server.port}:${server.port}`],
    },
  ]);
  return { name: composeProject(folder), services: { balancer, ...Object.fromEntries(servers) } };
}
