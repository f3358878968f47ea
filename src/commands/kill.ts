import type { Context } from "../context.ts";
import { tryOut } from "./experiment.ts";

/** Ends an instance at once; the supervisor replaces it. */
export const run = (context: Context): Promise<undefined> =>
  tryOut(
    context,
    "kill",
    (name) => `${name} was killed; the supervisor will start it again. See \`lbctl status --watch\`.`,
  );
