import type { Context } from "../context.ts";
import { runExperiment } from "./experiment.ts";

/** Ends an instance at once; the supervisor replaces it. */
export const run = (context: Context): Promise<undefined> =>
  runExperiment(
    context,
    "kill",
    (name) => `${name} was killed; the supervisor will start it again. See \`lbctl status --watch\`.`,
  );
