import { once } from "node:events";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { prediction } from "../load/tally.ts";
import { withModules } from "../modules/load.ts";
import {
  createPlacement,
  defaultHash,
  defaultPolicy,
  formatPolicy,
  parseHash,
  parsePolicy,
} from "../placement/index.ts";
import { parseServers } from "../study/scenario.ts";
import { keyLines } from "../workload/key-lines.ts";

/** Prints `key<TAB>server` for keys from arguments, a file or standard input, a line at a time. */
export async function run({ args, flags, terminal }: Context): Promise<ExitCode | undefined> {
  const policy = await withModules(flags.text("policy") ?? defaultPolicy, parsePolicy);
  const hash = await withModules(flags.text("hash") ?? defaultHash, parseHash);
  const members = parseServers(flags.text("servers") ?? "3");
  const placement = createPlacement(policy, hash, members);
  const down = new Set((flags.text("down") ?? "").split(",").filter((name) => name !== ""));
  for (const name of down)
    if (!members.some((member) => member.name === name))
      throw usageError(`--down names ${name}, but the servers are ${members.map((member) => member.name).join(", ")}.`);
  const serverOf = prediction(placement, (name) => !down.has(name));
  const file = flags.text("keys");
  if (args.length === 0 && file === undefined)
    throw usageError("Name keys to place, or --keys FILE with a key a line (- for standard input).");
  const keys = file === undefined ? args : keyLines(file);
  if (terminal.json)
    return await asJson(keys, serverOf, { policy: formatPolicy(policy), servers: members.map(({ name }) => name) });
  for await (const key of keys)
    if (!process.stdout.write(`${key}\t${serverOf(key) ?? "-"}\n`)) await once(process.stdout, "drain");
  return undefined;
}

/** One document, written as it grows. */
async function asJson(
  keys: Iterable<string> | AsyncIterable<string>,
  serverOf: (key: string) => string | null,
  head: { policy: string; servers: readonly string[] },
): Promise<undefined> {
  const opening = JSON.stringify({ schemaVersion: 1, ...head }).slice(0, -1);
  process.stdout.write(`${opening},"placements":[`);
  let separator = "";
  for await (const key of keys) {
    const text = separator + JSON.stringify({ key, server: serverOf(key) });
    separator = ",";
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
  }
  process.stdout.write("]}\n");
}
