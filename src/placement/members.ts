import { PlacementError } from "./error.ts";
import type { Member } from "./types.ts";

/** Indices of members are kept in 16 bits. */
const MAX_MEMBERS = 65_535;
const MAX_WEIGHT = 1_000_000;
const NAME = /^(?! )[A-Za-z0-9._:\-[\] ]{1,128}(?<! )$/;
/** A host name or IPv4 address, or an IPv6 address in brackets; then a port. */
const ADDRESS = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\]):(\d{1,5})$/;
const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Text of the user's, short and quoted, for a message. */
const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

function checkMember({ name, weight }: Member): void {
  if (!NAME.test(name)) {
    throw new PlacementError(
      `The server name ${quote(name)} can't be used: take 1 to 128 letters, digits, spaces or . _ : - [ ], with no space at either end.`,
    );
  }
  if (!(weight > 0 && weight <= MAX_WEIGHT)) {
    throw new PlacementError(
      `The weight of ${name} is ${weight}: give a number over 0 and up to ${MAX_WEIGHT}, and use drain to stop a server's traffic.`,
    );
  }
}

/** Throws a PlacementError unless names are unique and well-formed, and weights positive and sane. */
export function checkMembers(members: readonly Member[]): void {
  if (members.length > MAX_MEMBERS) {
    throw new PlacementError(`There are ${members.length} servers: give at most ${MAX_MEMBERS}.`);
  }
  const names = new Set<string>();
  for (const member of members) {
    checkMember(member);
    if (names.has(member.name)) {
      throw new PlacementError(`The server name ${quote(member.name)} is given twice: give every server its own name.`);
    }
    names.add(member.name);
  }
}

/**
 * The members by name, with the digits in a name read as numbers: server-2 before server-10, so that policies that
 * number servers (modulo) number them as people do. Otherwise in code-unit order: the same in every locale.
 */
export function sortMembers(members: readonly Member[]): readonly Member[] {
  const parts = new Map(members.map(({ name }) => [name, name.split(/(\d+)/)]));
  return members.toSorted(
    (a, b) => compareParts(parts.get(a.name) ?? [], parts.get(b.name) ?? []) || (a.name < b.name ? -1 : 1),
  );
}

/** Compares names that were split at their digits: text at even places, digits at odd ones. */
function compareParts(a: readonly string[], b: readonly string[]): number {
  const i = a.findIndex(
    (part, at) => part !== b[at] && !(at % 2 === 1 && Number(part) === Number(b[at] ?? Number.NaN)),
  );
  const [left, right] = [a[i], b[i]];
  if (left === undefined) return a.length - b.length;
  if (right === undefined) return 1;
  if (i % 2 === 1) return Number(left) - Number(right);
  return left < right ? -1 : 1;
}

function parseAddress(text: string): string {
  const port = Number(ADDRESS.exec(text)?.[1] ?? 0);
  if (port >= 1 && port <= 65_535) return text;
  throw new PlacementError(
    `The server address ${quote(text)} can't be used: write HOST:PORT with a port from 1 to 65535, and IPv6 in brackets.`,
  );
}

function parseWeight(text: string | undefined): number {
  if (text === undefined) return 1;
  if (NUMBER.test(text)) return Number(text);
  throw new PlacementError(`The weight ${quote(text)} can't be used: give a number over 0 and up to ${MAX_WEIGHT}.`);
}

/** Parses one `[NAME=]HOST:PORT[*WEIGHT]`; an address alone is its own name, and a name alone has no address. */
function parseMember(text: string): Member {
  const [target = "", weight, ...more] = text.split("*");
  if (more.length > 0) {
    throw new PlacementError(`The server ${quote(text)} has more than one *: write [NAME=]HOST:PORT[*WEIGHT].`);
  }
  const equals = target.indexOf("=");
  const address = target.slice(equals + 1).trim();
  const member: Member = {
    name: equals < 0 ? address : target.slice(0, equals).trim(),
    weight: parseWeight(weight?.trim()),
    ...(equals < 0 && !address.includes(":") ? {} : { address: parseAddress(address) }),
  };
  checkMember(member);
  return member;
}

/**
 * Parses `a=10.0.0.1:80*2,b=10.0.0.2:80`: servers with addresses, and names and weights where they are given, in the
 * order given. Throws a PlacementError that says what to mend.
 */
export function parseMembers(text: string): readonly Member[] {
  const members = text.split(",").map((part) => parseMember(part.trim()));
  checkMembers(members);
  return members;
}

/** Writes a member as parseMembers reads it, as shortly as can be; without an address, its name and weight. */
export function formatMember({ name, weight, address }: Member): string {
  const target = address === undefined || address === name ? name : `${name}=${address}`;
  return weight === 1 ? target : `${target}*${weight}`;
}
