import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { withModules } from "../modules/load.ts";
import { type Explanation, explainer } from "../placement/explain.ts";
import {
  createPlacement,
  defaultHash,
  defaultPolicy,
  formatPolicy,
  type Placement,
  parseHash,
  parsePolicy,
} from "../placement/index.ts";
import { parseServers } from "../study/scenario.ts";
import type { Terminal } from "../terminal.ts";
import { keyLines } from "../workload/key-lines.ts";

/** Prints `key<TAB>server` for keys from arguments, a file or standard input, a line at a time; more servers with --owners. */
export async function run({ args, flags, terminal }: Context): Promise<ExitCode | undefined> {
  const policy = await withModules(flags.text("policy") ?? defaultPolicy, parsePolicy);
  const hash = await withModules(flags.text("hash") ?? defaultHash, parseHash);
  const members = parseServers(flags.text("servers") ?? "3");
  const placement = createPlacement(policy, hash, members);
  const ownersOf = owners(placement, downOf(flags.text("down"), members), flags.whole("owners", 1, 65_535) ?? 1);
  const explain = flags.is("explain") ? explainer(policy, hash, members) : undefined;
  const file = flags.text("keys");
  if (args.length === 0 && file === undefined)
    throw usageError("Name keys to place, or --keys FILE with a key a line (- for standard input).");
  const keys = file === undefined ? args : keyLines(file);
  if (terminal.json) {
    const head = { policy: formatPolicy(policy), servers: members.map(({ name }) => name) };
    const isLong = flags.whole("owners", 1, 65_535) !== 1;
    return await asJson(terminal, keys, head, (key) => {
      const found = ownersOf(key);
      const more = isLong ? { owners: found } : {};
      return { key, server: found[0] ?? null, ...more, ...explain?.(key) };
    });
  }
  const lineOf = (key: string): string => `${[key, ...orNone(ownersOf(key))].join("\t")}\n`;
  for await (const key of keys)
    await terminal.stream(explain === undefined ? lineOf(key) : explained(key, ownersOf(key), explain(key)));
  return undefined;
}

function downOf(text: string | undefined, members: readonly { readonly name: string }[]): ReadonlySet<string> {
  const down = new Set((text ?? "").split(",").filter((name) => name !== ""));
  for (const name of down)
    if (!members.some((member) => member.name === name))
      throw usageError(`--down names ${name}, but the servers are ${members.map((member) => member.name).join(", ")}.`);
  return down;
}

/** The first `count` servers for a key, each of which takes it when those before are down too. */
function owners({ members, select }: Placement, down: ReadonlySet<string>, count: number): (key: string) => string[] {
  const isUp = members.map(({ name }) => !down.has(name));
  return (key) => {
    const found: number[] = [];
    while (found.length < count) {
      const next = select(key, (member) => isUp[member] === true && !found.includes(member));
      if (next < 0) break;
      found.push(next);
    }
    return found.map((member) => members[member]?.name ?? "");
  };
}

const orNone = (found: readonly string[]): readonly string[] => (found.length === 0 ? ["-"] : found);

/** A key with how it comes to its server, in lines. */
function explained(key: string, found: readonly string[], { hash, ring }: Explanation): string {
  const [owner = "none: all are down", ...next] = found;
  const lines = [
    hash === null ? "hash    not one hash of the key decides" : `hash    ${hash.name}: ${hash.value} of 2^${hash.bits}`,
    ring && `place   ${(100 * ring.place).toFixed(4)} % of the way round the ring`,
    ring && `point   ${(100 * ring.point).toFixed(4)} %, of ${ring.server}: the next one clockwise`,
    `owner   ${owner}`,
    next.length > 0 && `next    ${next.join(", ")}`,
  ];
  return `${[key, ...lines.filter((line) => typeof line === "string").map((line) => `  ${line}`)].join("\n")}\n`;
}

/** One document, written as it grows. */
async function asJson(
  { stream }: Terminal,
  keys: Iterable<string> | AsyncIterable<string>,
  head: { readonly policy: string; readonly servers: readonly string[] },
  placementOf: (key: string) => object,
): Promise<undefined> {
  await stream(`${JSON.stringify({ schemaVersion: 1, ...head }).slice(0, -1)},"placements":[`);
  let separator = "";
  for await (const key of keys) {
    await stream(separator + JSON.stringify(placementOf(key)));
    separator = ",";
  }
  await stream("]}\n");
}
