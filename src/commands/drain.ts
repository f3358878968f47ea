import type { Context } from "../context.ts";
import { withDrained } from "../fleet/spec.ts";
import { change } from "./change.ts";

/** Drains a server, or undoes it. */
export async function run(context: Context): Promise<undefined> {
  const name = context.args[0] ?? "";
  const drained = !context.flags.is("undo");
  const said = drained ? `${name} gets no new requests.` : `${name} gets requests again.`;
  await change(context, (spec) => withDrained(spec, name, drained), said);
}
