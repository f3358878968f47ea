import type { Context } from "../context.ts";
import { runExperiment } from "./experiment.ts";

/** Freezes an instance, or lets it go on. */
export const run = (context: Context): Promise<undefined> =>
  context.flags.is("undo")
    ? runExperiment(context, "resume", (name) => `${name} goes on.`)
    : runExperiment(context, "pause", (name) => `${name} is frozen; \`lbctl pause ${name} --undo\` lets it go on.`);
