import type { Policy } from "../types.ts";
import { anchor } from "./anchor.ts";
import { classroom } from "./classroom.ts";
import { envoyMaglev } from "./envoy-maglev.ts";
import { envoyRing } from "./envoy-ring.ts";
import { haproxy } from "./haproxy.ts";
import { haproxyMap } from "./haproxy-map.ts";
import { jump } from "./jump.ts";
import { ketama } from "./ketama.ts";
import { leastConnections } from "./least-connections.ts";
import { maglev } from "./maglev.ts";
import { modulo } from "./modulo.ts";
import { multiProbe } from "./multi-probe.ts";
import { nginx } from "./nginx.ts";
import { nginxHash } from "./nginx-hash.ts";
import { p2c } from "./p2c.ts";
import { random } from "./random.ts";
import { rendezvous } from "./rendezvous.ts";
import { ring } from "./ring.ts";
import { roundRobin } from "./round-robin.ts";

/** Every policy by its name, as `--policy` takes it. */
export const policies = {
  ring,
  ketama,
  maglev,
  rendezvous,
  "multi-probe": multiProbe,
  jump,
  anchor,
  modulo,
  "round-robin": roundRobin,
  random,
  "least-connections": leastConnections,
  p2c,
  classroom,
  nginx,
  "nginx-hash": nginxHash,
  haproxy,
  "haproxy-map": haproxyMap,
  "envoy-ring": envoyRing,
  "envoy-maglev": envoyMaglev,
} satisfies Record<string, Policy>;

export type PolicyName = keyof typeof policies;

/** The policy when nothing else is asked for. */
export const defaultPolicy: PolicyName = "ring";
