import type { Context } from "../context.ts";
import { environmentError } from "../errors.ts";
import { findEngine } from "../fleet/docker.ts";
import { buildCommand, buildImages, DEFAULT_BASE, imageNames } from "../fleet/images.ts";

/** Builds the images. */
export async function run({ flags, signal, terminal }: Context): Promise<undefined> {
  const base = flags.text("base");
  if (flags.is("dry-run")) {
    const names = await imageNames();
    const commands = (["balancer", "server"] as const).map(
      (part) => `docker ${buildCommand(part, names[part], base ?? DEFAULT_BASE).join(" ")}`,
    );
    terminal.result({ schemaVersion: 1, dryRun: true, commands }, () => commands.join("\n"));
    return;
  }
  const engine = await findEngine();
  if (!engine.ok) throw environmentError(`Images need Docker, but ${engine.missing}: see \`lbctl doctor\`.`);
  const progress = await terminal.progress("building");
  try {
    const images = await buildImages(base, (text) => progress.update(text), signal);
    progress.clear();
    terminal.result({ schemaVersion: 1, images }, () => `Built ${images.balancer} and ${images.server}.`);
  } finally {
    progress.clear();
  }
}
