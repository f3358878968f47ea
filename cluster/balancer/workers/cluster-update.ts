import { formatPolicy, sourcesOf } from "../../../src/placement/index.ts";
import type { Host } from "../cluster/host.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";
import type { ClusterUpdate, HostState, SerializedSnapshot } from "./messages.ts";

/** Returns the states of a snapshot's servers for workers, and, `whole`, the snapshot itself. */
export const clusterUpdate = (snapshot: ClusterSnapshot, whole: boolean): ClusterUpdate => ({
  ...(whole ? { snapshot: serialize(snapshot) } : {}),
  hostStates: snapshot.hosts.map(stateOf),
});

const serialize = ({ policy, hash, key, members }: ClusterSnapshot): SerializedSnapshot => ({
  policy: formatPolicy(policy),
  hash: hash.name,
  modules: sourcesOf(policy, hash),
  key,
  members,
});

const stateOf = ({ name, healthy, ejected, draining, usedInPanic, consecutiveFailures, upSince }: Host): HostState => ({
  name,
  healthy,
  ejected,
  draining,
  usedInPanic,
  upForMs: Number.isFinite(upSince) ? performance.now() - upSince : null,
  hasFailures: consecutiveFailures > 0,
});
