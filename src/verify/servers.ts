import { createPlacement, defaultHash, hashes, type Member, type Placement, parsePolicy } from "../placement/index.ts";

/** server-1 … server-`count`, of weight 1; with another prefix, other servers. */
export const servers = (count: number, prefix = "server"): Member[] =>
  Array.from({ length: count }, (_, i) => ({ name: `${prefix}-${i + 1}`, weight: 1 }));

/** The placement of `policy`, as the command line names it, with the default hash. */
export const place = (policy: string, members: readonly Member[]): Placement =>
  createPlacement(parsePolicy(policy), hashes[defaultHash], members);
