import { describe, expect, test } from "vitest";
import { createPlacement, hashes, type Member, parsePolicy } from "../../../src/placement/index.ts";
import { type Case, cases, numbered, somePaths } from "./cases.ts";
import { askPaths, disagreement, firstPort, installedVersion, useDaemon } from "./daemon.ts";

/** A back end of the real HAProxy: its `hash-type` and what it says of every server, and the policy that is to agree. */
interface Backend extends Case {
  readonly policy: string;
  readonly type: string;
  readonly settings?: string;
  readonly port: number;
}

const version = installedVersion("haproxy");
const hasHashKey = Number(/version (\d+)/.exec(version ?? "")?.[1] ?? 0) >= 3;
if (version !== null && !hasHashKey) {
  process.stderr.write("The comparison of hash-key with the real HAProxy is skipped: it came with HAProxy 3.0.\n");
}

const functions = {
  title: "a hash function by name",
  members: numbered(9, (i) => 1 + (i % 4)),
  down: new Set(["s4"]),
};
const named = ["sdbm", "djb2", "wt6", "crc32"].flatMap((name) => [
  { ...functions, policy: `haproxy:function=${name},avalanche=no`, type: `consistent ${name}` },
  { ...functions, policy: `haproxy:function=${name}`, type: `consistent ${name} avalanche` },
  { ...functions, policy: `haproxy-map:function=${name}`, type: `map-based ${name}` },
  { ...functions, policy: `haproxy-map:function=${name},avalanche=yes`, type: `map-based ${name} avalanche` },
]);
const byAddress = ["addr", "addr-port"].map((key) => ({
  ...functions,
  policy: `haproxy:key=${key}`,
  type: "consistent",
  settings: `hash-key ${key}`,
}));

const backends: readonly Backend[] = [
  ...cases.map((one) => ({ ...one, policy: "haproxy", type: "consistent" })),
  ...cases.map((one) => ({ ...one, policy: "haproxy-map", type: "map-based" })),
  ...named,
  ...(hasHashKey ? byAddress : []),
].map((backend, at) => ({ ...backend, port: firstPort + at }));

const serverLine = ({ name, weight, address }: Member, { down, settings = "" }: Backend): string =>
  `  server ${name} ${address} weight ${weight} ${settings} ${down.has(name) ? "disabled" : ""}`;

const section = (backend: Backend): string => `
frontend front${backend.port}
  bind 127.0.0.1:${backend.port}
  http-after-response set-header X-Server %s
  default_backend back${backend.port}
backend back${backend.port}
  balance uri whole
  hash-type ${backend.type}
${backend.members.map((member) => serverLine(member, backend)).join("\n")}
`;

/** HAProxy reaches no server, and answers 503 with the name of the one it chose. */
const configuration = `
global
  nbthread 1
  maxconn 100
defaults
  mode http
  retries 0
  timeout client 60s
  timeout connect 60s
  timeout server 60s
  option accept-invalid-http-request
${backends.map(section).join("")}`;

describe.skipIf(version === null)("the real HAProxy", () => {
  useDaemon(
    "haproxy",
    backends.map(({ port }) => port),
    () => configuration,
    (file) => ["-db", "-f", file],
  );

  test.each(backends)("$policy: agrees on every key: $title", async ({ policy, members, down, port }) => {
    const placement = createPlacement(parsePolicy(policy), hashes.xxh64, members);
    const paths = somePaths();
    const isUp = placement.members.map(({ name }) => !down.has(name));
    const expected = paths.map((path) => placement.members[placement.select(path, (m) => isUp[m] === true)]?.name);
    const responses = await askPaths(port, paths);
    expect(disagreement(paths, expected, responses)).toEqual({ compared: paths.length, different: 0, first: [] });
  });
});
