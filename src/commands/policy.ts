import { askedPlacement } from "../config.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import { withPlacement } from "../fleet/spec.ts";
import { change } from "./change.ts";

/** Changes policy, hash or key while the fleet runs. */
export async function run(context: Context): Promise<undefined> {
  const { args, flags } = context;
  if (args[0] === undefined && flags.text("hash") === undefined && flags.text("key") === undefined)
    throw usageError("Name a policy, --hash or --key to change, e.g. `lbctl policy maglev`.");
  const placement = await askedPlacement(flags, args[0]);
  await change(context, (spec) => withPlacement(spec, placement), "The policy was changed; nothing was restarted.");
}
