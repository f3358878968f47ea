import type { Placement } from "../placement/index.ts";
import { type HotKey, hotKeys } from "../workload/hot-keys.ts";
import type { WeightedKeys } from "../workload/weighted-keys.ts";
import { eachKey, type Watch } from "./each-key.ts";
import { selectInEach } from "./select-in-each.ts";

/** What one server has before and after, and what of it came or went; by keys or by requests. */
interface Shift {
  readonly before: number;
  readonly after: number;
  /** What it has after and had not before. */
  readonly gained: number;
  /** What it had before and has no more. */
  readonly lost: number;
}

interface ComparedServer {
  readonly name: string;
  readonly keys: Shift;
  readonly requests: Shift;
}

export interface Comparison {
  readonly keys: number;
  readonly requests: number;
  readonly movedKeys: number;
  readonly movedRequests: number;
  /** Every server of either placement. */
  readonly servers: readonly ComparedServer[];
  /** The keys that alone have more than an even share after: the hottest first, at most ten. */
  readonly hotKeys: readonly HotKey[];
}

type Counts = { before: number; after: number; gained: number; lost: number };

/**
 * Sends every key through both placements (each with at least one member). Memory does not grow with the keys. Rejects
 * when its signal is aborted.
 */
export async function compare(
  before: Placement,
  after: Placement,
  keys: WeightedKeys,
  watch: Watch = {},
): Promise<Comparison> {
  const names = [...new Set([...before.members, ...after.members].map(({ name }) => name))];
  const indexOf = new Map(names.map((name, index) => [name, index]));
  const beforeIndex = before.members.map(({ name }) => indexOf.get(name) ?? 0);
  const afterIndex = after.members.map(({ name }) => indexOf.get(name) ?? 0);
  const byKeys = names.map(zero);
  const byRequests = names.map(zero);
  let movedKeys = 0;
  let movedRequests = 0;

  const loadBefore = (member: number): number => byRequests[beforeIndex[member] ?? 0]?.before ?? 0;
  const loadAfter = (member: number): number => byRequests[afterIndex[member] ?? 0]?.after ?? 0;
  const select = selectInEach([before, after], [loadBefore, loadAfter]);

  function visit(index: number): void {
    const owners = select(keys.key(index));
    const requests = keys.requestsOf(index);
    const from = beforeIndex[owners[0] as number] ?? 0;
    const to = afterIndex[owners[1] as number] ?? 0;
    shift(byKeys, from, to, 1);
    shift(byRequests, from, to, requests);
    if (from !== to) {
      movedKeys++;
      movedRequests += requests;
    }
  }

  await eachKey(keys.count, visit, watch);
  const servers = names.map((name, i) => ({ name, keys: byKeys[i] ?? zero(), requests: byRequests[i] ?? zero() }));
  const hot = hotKeys(keys, after.members.length);
  return { keys: keys.count, requests: keys.requests, movedKeys, movedRequests, servers, hotKeys: hot.keys };
}

const zero = (): Counts => ({ before: 0, after: 0, gained: 0, lost: 0 });

function shift(counts: readonly Counts[], from: number, to: number, amount: number): void {
  const [old, now] = [counts[from], counts[to]];
  if (!old || !now) return;
  old.before += amount;
  now.after += amount;
  if (from === to) return;
  old.lost += amount;
  now.gained += amount;
}
