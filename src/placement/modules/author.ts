/**
 * The types for who writes a hash or a policy of their own: `import type { Build } from "lbctl"`, and in JavaScript a
 * JSDoc comment `@type {import("lbctl").Build}`. The build copies this file as it is: it imports nothing and holds only types.
 */

/**
 * A hash of your own: export one function `hash`, or two, `hashKey` for keys and `hashVnode` for the points of servers.
 * It is given UTF-8 bytes, which are good until it returns, and returns a whole number in [0, 2^bits). `bits` is a number
 * from 1 to 53 that may be exported too; it is 32 otherwise.
 */
export type HashBytes = (bytes: Uint8Array) => number;

/**
 * The second function of a hash that has two. The bytes are the text that is hashed for the point, such as `server-3#7`;
 * after them come the server's name and the number of the point, from 0.
 */
export type HashVnode = (bytes: Uint8Array, server: string, vnode: number) => number;

/** A server as a policy sees it. */
export interface Server {
  readonly name: string;
  /** A positive number, 1 unless said otherwise. */
  readonly weight: number;
  /** `host:port`, where it is known. */
  readonly address?: string;
}

/** The hash that was asked for (`--hash`), as a policy is given it. */
export interface Hash {
  /** The hash of a text: a whole number in [0, 2^bits). */
  (text: string): number;
  readonly bits: number;
  /** The hash of a server's point `vnode`, from 0: of `server#vnode`, or as a hash with two functions has it. */
  vnode(server: string, vnode: number): number;
}

/** A server: itself, its name, or its index in the list that `build` was given. */
export type Choice = Server | string | number;

/**
 * Chooses for a key: one server, or several in the order in which the key prefers them (an array, or a generator, which
 * is asked for no more than are needed). Servers that are down are passed over; after one choice come the servers that
 * follow it in the list, after several all that were not named. `load` tells how much a server, by its index, has to do
 * now: its requests in flight, or its keys so far in a simulation.
 */
export type Pick = (key: string, load: (server: number) => number) => Choice | Iterable<Choice>;

/**
 * A policy of your own: export it as `build`, or by default. It is called once for each set of servers (at least one,
 * sorted by name), and what it returns is then asked for every key.
 */
export type Build = (servers: readonly Server[], hash: Hash, options: Readonly<Record<string, number>>) => Pick;

/** An option that is more than its default: `--policy ./mine.js:vnodes=40`. */
export interface Option {
  readonly default: number;
  /** 0 unless said otherwise. */
  readonly min?: number;
  readonly max?: number;
  /** What it means, in its unit. */
  readonly help?: string;
}

/** What may be exported beside `build`: options by their names, each a default or more. */
export type Options = Readonly<Record<string, number | Option>>;
