import { crc32, updateCrc32 } from "../hashes/crc32.ts";
import { hashText } from "../key.ts";
import { type Points, sortPoints } from "../points.ts";
import { clockwiseRing } from "../ring.ts";
import { smoothTurns } from "../turns.ts";
import type { Member, Policy } from "../types.ts";
import { countPoints, wholeWeights } from "../weights.ts";

/** Points of a server of weight 1. */
const POINTS = 160;
/** How many points nginx looks at for a server that is up, before it takes turns instead. */
const TRIES = 21;

const addressOf = ({ name, address }: Member): string => address ?? name;

/** What is hashed of a server: its host, a zero byte and its port, if it has one; of a Unix socket, the path. */
function serverText(address: string): string {
  if (/^unix:/i.test(address)) return `${address.slice(5)}\0`;
  const [, host, port] = /^(.*):(\d*)$/s.exec(address) ?? [];
  return `${host ?? address}\0${port ?? ""}`;
}

/** Each point is the CRC of the server and of the point before it, in four bytes, the lowest first. */
function serverPoints(address: string, count: number): number[] {
  const bytes = new TextEncoder().encode(serverText(address));
  const server = updateCrc32(-1, bytes, bytes.length);
  const previous = new Uint8Array(4);
  const view = new DataView(previous.buffer);
  return Array.from({ length: count }, () => {
    const point = ~updateCrc32(server, previous, 4) >>> 0;
    view.setUint32(0, point, true);
    return point;
  });
}

/** All servers' points. Where points tie, nginx keeps that of the server given first. */
function pointsOf(members: readonly Member[]): Points {
  const addresses = members.map(addressOf);
  const points = new Set<number>();
  const counts = countPoints(wholeWeights(members, "nginx"), POINTS).map((count, member) => {
    const before = points.size;
    for (const point of serverPoints(addresses[member] as string, count)) points.add(point);
    return points.size - before;
  });
  return sortPoints(Float64Array.from(points), counts, 32);
}

/** For each member, those that share its address, itself included: to nginx's points they are one server. */
function shareAddress(addresses: readonly string[]): Uint16Array[] {
  const sharing = new Map<string, number[]>();
  addresses.forEach((address, member) => {
    sharing.set(address, [...(sharing.get(address) ?? []), member]);
  });
  const groups = new Map(Array.from(sharing, ([address, group]) => [address, Uint16Array.from(group)]));
  return addresses.map((address) => groups.get(address) as Uint16Array);
}

/**
 * What nginx's `hash KEY consistent` does (as of 1.22), with the key given to select(). A server is hashed as it is
 * written in `server`: the member's address, or else its name. When 21 points in a row have no acceptable server, or
 * the key is empty, nginx takes turns among all; those turns, and the turns of servers that share an address, depend
 * on the requests before. A host name that resolves to several addresses is several servers to nginx: give each.
 */
export const nginx: Policy = {
  summary: "nginx's own hash KEY consistent, exactly: 160 CRC-32 points a server",
  keyed: true,
  hashed: false,
  weighted: true,
  ordered: true,
  options: {},
  build(members: readonly Member[]) {
    const { owners, search } = pointsOf(members);
    const groups = shareAddress(members.map(addressOf));
    const all = Uint16Array.from(members, (_, member) => member);
    const turns = smoothTurns(wholeWeights(members, "nginx"));
    const groupAt = (place: number): Uint16Array => groups[owners[place % owners.length] as number] as Uint16Array;

    return {
      members,
      select: (key, accept) => {
        const start = key === "" ? 0 : search(hashText(crc32, key));
        for (let tried = key === "" ? TRIES : 0; tried < TRIES; tried++) {
          const member = turns.take(groupAt(start + tried), accept);
          if (member >= 0) return member;
        }
        return turns.take(all, accept);
      },
      candidates: (key) => {
        const start = key === "" ? 0 : search(hashText(crc32, key));
        const tries = Array.from({ length: key === "" ? 0 : TRIES }, (_, tried) => groupAt(start + tried));
        return [...new Set([...tries, all].flatMap((group) => turns.order(group)))];
      },
    };
  },
  ring: (members) => clockwiseRing(pointsOf(members), crc32),
  /** Every point is a share of the ring of its own, as on a ring of 160 vnodes. */
  expectedCv: (servers) => Math.sqrt((servers - 1) / (servers * POINTS + 1)),
};
