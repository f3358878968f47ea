import type { Context } from "../context.ts";
import { withServer } from "../fleet/spec.ts";
import { change } from "./change.ts";

/** Adds one server. */
export const run = (context: Context): Promise<undefined> =>
  change(context, (spec) => withServer(spec, context.args[0]), `${context.args[0] ?? "A server"} was added.`);
