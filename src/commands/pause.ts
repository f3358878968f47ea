import type { Context } from "../context.ts";
import { tryOut } from "./experiment.ts";

/** Freezes an instance, or lets it go on. */
export const run = (context: Context): Promise<undefined> =>
  context.flags.is("undo")
    ? tryOut(context, "resume", (name) => `${name} goes on.`)
    : tryOut(context, "pause", (name) => `${name} is frozen; \`lbctl pause ${name} --undo\` lets it go on.`);
