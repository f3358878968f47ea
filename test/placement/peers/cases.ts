/** What the real balancers are compared on: sets of servers, and keys. */
import type { Member } from "../../../src/placement/index.ts";

/** Servers, some of them down, that a balancer and its model are both given. */
export interface Case {
  readonly title: string;
  readonly members: readonly Member[];
  readonly down: ReadonlySet<string>;
}

/** `count` servers in an order that is not that of their names, each of the weight that `weigh` gives. */
export function numbered(count: number, weigh: (index: number) => number = () => 1): Member[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `s${count - i}`,
    weight: weigh(i),
    address: `127.1.${count % 256}.${i + 1}:${8000 + i}`,
  }));
}

const numberedNames = (from: number, to: number): ReadonlySet<string> =>
  new Set(Array.from({ length: to - from + 1 }, (_, i) => `s${from + i}`));

const none: ReadonlySet<string> = new Set();
const five = numbered(5);

export const cases: readonly Case[] = [
  { title: "one server", members: numbered(1), down: none },
  { title: "three servers", members: numbered(3), down: none },
  { title: "five servers", members: five, down: none },
  { title: "one of the five removed", members: five.filter(({ name }) => name !== "s3"), down: none },
  { title: "one of the five down", members: five, down: new Set(["s3"]) },
  {
    title: "one added to the five",
    members: [...five, { name: "s6", weight: 1, address: "127.1.9.9:81" }],
    down: none,
  },
  { title: "weights", members: numbered(6, (i) => [1, 2, 4, 7, 3, 1][i] ?? 1), down: none },
  {
    title: "weights with a divisor, two down",
    members: numbered(6, (i) => 6 + 2 * (i % 3)),
    down: numberedNames(2, 3),
  },
  { title: "great weights", members: numbered(3, (i) => [256, 1, 100][i] ?? 1), down: none },
  { title: "one left of four", members: numbered(4), down: numberedNames(1, 3) },
  { title: "64 servers", members: numbered(64), down: none },
  {
    title: "200 servers of weights 1 to 5, a third down",
    members: numbered(200, (i) => 1 + (i % 5)),
    down: third(200),
  },
  { title: "64 servers, all but four down", members: numbered(64, (i) => 1 + (i % 3)), down: numberedNames(5, 64) },
];

function third(count: number): ReadonlySet<string> {
  return new Set(Array.from({ length: Math.floor(count / 3) }, (_, i) => `s${3 * i + 1}`));
}

/** Paths that are unusual but that both balancers pass on. */
const odd = [
  ..."abcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@\"<>[]^`{|}\\".split("").map((letter) => `/${letter}`),
  "/",
  "/?",
  "//",
  "///a//b",
  "/a/../b/./c",
  "/a?b=c&d=e/f?g",
  "/%20%2F%ff%C3%A9",
  "/x?u=http://example.com/",
  "/é/日本語/😀",
  `/${"long".repeat(900)}`,
  `/?${"q=1&".repeat(700)}`,
];

/** How many plain paths each back end is asked for: enough for a table of 200 servers. LBCTL_PATHS asks for more. */
const PLAIN_PATHS = Number(process.env.LBCTL_PATHS ?? 1_500);

/** Plain paths, and the odd ones. */
export const somePaths = (): string[] => [...Array.from({ length: PLAIN_PATHS }, (_, i) => `/k/${i}`), ...odd];
