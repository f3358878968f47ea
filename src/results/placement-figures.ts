import type { StudyPoint } from "./run.ts";

/** The ring of one policy, hash and number of servers. Places are fractions of the ring, clockwise. */
export interface RingFigures {
  /** The servers, as `owners` counts them. */
  readonly names: readonly string[];
  /** Where the points lie, ascending. */
  readonly points: Float64Array;
  /** The server of each point. */
  readonly owners: Uint16Array;
  /** Where the arc of each point ends and that of the next begins; the last may lie past 1. */
  readonly ends: Float64Array;
  /** Each server's share of the ring. */
  readonly shares: Float64Array;
  /** Where keys land, each place as often as it is likely; left out where they land anywhere alike. */
  readonly landings?: Float64Array;
}

/** The ring of a point of a study; null where its policy has none. */
export type RingOf = (point: StudyPoint) => RingFigures | null;

/** The spread of one policy and hash against its vnodes, at one number of servers. */
export interface VnodeSweep {
  readonly policy: string;
  /** Null when the policy uses no hash of the table. */
  readonly hash: string | null;
  readonly servers: number;
  /** By vnodes, ascending: what rings showed, between which eight of ten lie, and the closed form where one is known. */
  readonly spreads: readonly {
    readonly vnodes: number;
    readonly rings: number;
    readonly cv: number;
    readonly usual: { readonly low: number; readonly high: number } | null;
    readonly expectedCv: number | null;
  }[];
}

/** What charts show of placement, which reports don't know. */
export interface PlacementFigures {
  readonly ringOf: RingOf;
  /** The spread against vnodes of what a study studied; at `usual` servers where it studied several policies. */
  readonly vnodeSweeps: (points: readonly StudyPoint[], usual: number) => VnodeSweep[];
}
