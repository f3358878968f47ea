import type { Member } from "./types.ts";

/** The whole number at the end of a name (server-3, S5, 10.0.0.7), or null; a port is no such number. */
export function trailingNumber(name: string): number | null {
  const digits = /^[^:]*?(\d{1,15})$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Runs of digits compare as numbers, all else by code unit. */
function compareParts(a: string, b: string): number {
  if (/^\d/.test(a) && /^\d/.test(b)) {
    const [x, y] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
    if (x.length !== y.length) return x.length - y.length;
    return x < y ? -1 : Number(x > y);
  }
  return a < b ? -1 : Number(a > b);
}

function compareNames(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareParts(a[i] as string, b[i] as string);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/**
 * The members (as indices) numbered by name, with digits read as numbers: server-2 before server-10. Policies that
 * number servers from 0 count in this order, so that server-10 joins nine others as the last.
 */
export function numberedOrder(members: readonly Member[]): Uint16Array {
  const parts = members.map(({ name }) => name.match(/\d+|\D+/g) ?? []);
  const order = members.map((_, m) => m);
  return Uint16Array.from(order.sort((a, b) => compareNames(parts[a] ?? [], parts[b] ?? []) || a - b));
}
