import { withPlacement } from "../config.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import { change } from "./change.ts";

/** Changes policy, hash or key while the fleet runs. */
export async function run(context: Context): Promise<undefined> {
  const { args, flags } = context;
  if (args[0] === undefined && flags.text("hash") === undefined && flags.text("key") === undefined)
    throw usageError("Name a policy, --hash or --key to change, e.g. `lbctl policy maglev`.");
  await change(
    context,
    (spec) => withPlacement(spec, flags, args[0]),
    "The policy was changed; nothing was restarted.",
  );
}
