import type { Figure } from "../figure.ts";
import { boundedLoadFigures } from "./bounded-load.ts";
import { classroomFigures } from "./classroom.ts";
import { maglevFigures } from "./maglev.ts";
import { moveFigures } from "./moves.ts";
import { multiProbeFigures } from "./multi-probe.ts";
import { ringFigures } from "./ring.ts";
import { twoChoicesFigures } from "./two-choices.ts";

/** Every figure, in the order of the table that is printed. All together take some seconds. */
export const figures: readonly Figure[] = [
  ...classroomFigures,
  ...ringFigures,
  ...maglevFigures,
  ...moveFigures,
  ...multiProbeFigures,
  ...boundedLoadFigures,
  ...twoChoicesFigures,
];
