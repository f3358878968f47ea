import type { StudyPoint } from "./run.ts";

/** The circle of one policy, hash and number of servers. Places are fractions of the circle, clockwise. */
export interface Ring {
  /** The servers, as `owners` counts them. */
  readonly names: readonly string[];
  /** Where the points lie, ascending. */
  readonly points: Float64Array;
  /** The server of each point. */
  readonly owners: Uint16Array;
  /** Where the arc of each point ends and that of the next begins; the last may lie past 1. */
  readonly ends: Float64Array;
  /** Each server's share of the circle. */
  readonly shares: Float64Array;
  /** Where keys land, each place as often as it is likely; left out where they land anywhere alike. */
  readonly landings?: Float64Array;
}

/** A ring beside what was measured on it. */
export interface RingPicture {
  /** The policy, and the hash where that is needed to know it. */
  readonly label: string;
  readonly ring: Ring;
  readonly point: StudyPoint;
}

/** The ring of a point of a study; null where its policy has none. */
export type RingOf = (point: StudyPoint) => Ring | null;
