import type { RingFigures } from "../../results/placement-figures.ts";
import type { StudyPoint } from "../../results/run.ts";

/** A ring beside what was measured on it. */
export interface RingPicture {
  /** The policy, and the hash where that is needed to know it. */
  readonly label: string;
  readonly ring: RingFigures;
  readonly point: StudyPoint;
}
