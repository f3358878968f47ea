import type { Context } from "../context.ts";
import { withoutServer } from "../fleet/spec.ts";
import { change } from "./change.ts";

/** Removes one server, once its requests have ended. */
export const run = (context: Context): Promise<undefined> =>
  change(
    context,
    (spec) => withoutServer(spec, context.args[0]),
    `${context.args[0] ?? "The highest server"} was removed.`,
  );
