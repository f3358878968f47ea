import { formatPolicy, sourcesOf } from "../../../src/placement/index.ts";
import type { Host } from "../cluster/host.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";
import type { HostState, SerializedSnapshot, Snapshot } from "./messages.ts";

/** Returns what workers are told of a view: how its servers stand now, and `withView` also who they are and how one is chosen. */
export const snapshotOf = (view: ClusterSnapshot, withView: boolean): Snapshot => ({
  ...(withView ? { view: serialize(view) } : {}),
  hostStates: view.hosts.map(stateOf),
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
  suspect: consecutiveFailures > 0,
});
