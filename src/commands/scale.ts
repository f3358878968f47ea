import type { Context } from "../context.ts";
import { MAX_SERVERS, resized } from "../fleet/spec.ts";
import { plural } from "../format.ts";
import { wholeNumber } from "../numbers.ts";
import { change } from "./change.ts";

/** Changes the number of servers. */
export async function run(context: Context): Promise<undefined> {
  const count = wholeNumber(context.args[0] ?? "", "scale", 1, MAX_SERVERS);
  await change(context, (spec) => resized(spec, count), `The fleet has ${plural(count, "server")}.`);
}
