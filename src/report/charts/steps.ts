import { type Group, movedOf } from "../../results/groups.ts";

/** One change of the number of servers. Fractions of all keys. */
export interface Step {
  readonly from: number;
  readonly to: number;
  readonly fraction: number;
  readonly ideal: number;
}

/** The steps of a policy, over all runs. */
export const stepsOf = (group: Group): Step[] =>
  group.points.flatMap((point) => {
    const { servers, moved } = point;
    const fraction = movedOf(point);
    return moved === null || fraction === null
      ? []
      : [{ from: moved.fromServers, to: servers, fraction, ideal: moved.ideal }];
  });

/** "3 → 4". */
export const nameOf = ({ from, to }: Step): string => `${from} → ${to}`;
