import { describe, expect, test } from "vitest";
import { createPlacement, hashes, type Member, type PolicyName, parsePolicy } from "../../../src/placement/index.ts";
import { type Case, cases, numbered, somePaths } from "./cases.ts";
import { askPaths, disagreement, firstPort, installedVersion, useDaemon } from "./daemon.ts";

/** One upstream group of the real nginx, and the model that is to agree with it. */
interface Group extends Case {
  readonly policy: PolicyName & `nginx${string}`;
  readonly key: string;
  readonly port: number;
}

/** Servers as a configuration may write them: addresses, host names, no port, IPv6, sockets, and one twice. */
const written: Member[] = [
  { name: "127.2.0.1:81", weight: 1 },
  { name: "127.2.0.2", weight: 2 },
  { name: "v6", weight: 1, address: "[::1]:81" },
  { name: "socket", weight: 1, address: "unix:/nowhere/lbctl.sock" },
  { name: "Socket", weight: 3, address: "UNIX:/nowhere/lbctl:80" },
  { name: "0x7f020003:82", weight: 1 },
  { name: "127.2.260", weight: 1 },
  { name: "twice", weight: 1, address: "127.2.0.5:83" },
  { name: "twice-again", weight: 2, address: "127.2.0.5:83" },
];

/** Four servers at each of ten addresses, of which two are up: their points tie four by four, and count once. */
const sharing = numbered(40).map((member, i): Member => ({ ...member, address: `127.3.0.${i % 10}:80` }));
const sharingDown = new Set(sharing.filter((_, i) => i % 10 > 1).map(({ name }) => name));

const down = new Set<string>();
const groups: readonly Group[] = (["nginx", "nginx-hash"] as const)
  .flatMap((policy) => [
    ...cases.map((one) => ({ ...one, policy, key: "$request_uri" })),
    { title: "servers as they may be written", members: written, down, policy, key: "$request_uri" },
    { title: "shared addresses, most down", members: sharing, down: sharingDown, policy, key: "$request_uri" },
    { title: "keys of which some are empty", members: numbered(7, (i) => 1 + i), down, policy, key: "$arg_k" },
  ])
  .map((group, at) => ({ ...group, port: firstPort + at }));

const upstream = ({ policy, key, members, down, port }: Group): string => `
  upstream group${port} {
    hash ${key}${policy === "nginx" ? " consistent" : ""};
${members.map((member) => `    server ${member.address ?? member.name} weight=${member.weight} max_fails=0${down.has(member.name) ? " down" : ""};`).join("\n")}
  }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://group${port}; }
  }`;

/** nginx refuses to listen or write anywhere but in the folder and on loopback, and answers 502 with what it chose. */
const configure = (folder: string): string => `
daemon off;
master_process off;
pid ${folder}/pid;
error_log /dev/null;
events { worker_connections 64; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ")}
  keepalive_requests 1000000;
  proxy_next_upstream off;
  add_header X-Server $upstream_addr always;
  ${groups.map(upstream).join("\n")}
}`;

/** The address that nginx logs for a server as it is written. */
function loggedAddress({ name, address = name }: Member): string {
  if (/^unix:/i.test(address)) return address;
  const resolved = { "0x7f020003:82": "127.2.0.3:82", "127.2.260": "127.2.1.4:80" }[address] ?? address;
  return resolved.includes(":") ? resolved : `${resolved}:80`;
}

describe.skipIf(installedVersion("nginx") === null)("the real nginx", () => {
  useDaemon(
    "nginx",
    groups.map(({ port }) => port),
    configure,
    (file, folder) => ["-p", folder, "-c", file],
  );

  test.each(groups)("$policy: agrees on every key: $title", async ({ policy, key, members, down, port }) => {
    const placement = createPlacement(parsePolicy(policy), hashes.xxh64, members);
    const paths = somePaths();
    // With another key than the path, one in three is empty.
    const keys = key === "$request_uri" ? paths : paths.map((_, i) => (i % 3 === 0 ? "" : `key-${i}`));
    const isUp = placement.members.map(({ name }) => !down.has(name));
    const expected = keys.map((text) => {
      const member = placement.members[placement.select(text, (m) => isUp[m] === true)];
      return member && loggedAddress(member);
    });
    const responses = await askPaths(port, key === "$request_uri" ? paths : keys.map((text) => `/?k=${text}`));
    expect(disagreement(keys, expected, responses)).toEqual({ compared: keys.length, different: 0, first: [] });
  });
});
