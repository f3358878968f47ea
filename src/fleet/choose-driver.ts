import { environmentError, usageError } from "../errors.ts";
import { findEngine } from "./docker.ts";
import { type DriverName, drivers } from "./drivers/index.ts";

/** A driver, and why it was taken. */
export interface DriverChoice {
  readonly driver: DriverName;
  readonly reason: string;
}

/**
 * The driver that was asked for; with `auto` or nothing, the one that the fleet runs on, else Compose where an engine
 * responds, else processes. Compose without an engine is an error of the environment.
 */
export async function chooseDriver(asked: string | undefined, running: DriverName | null): Promise<DriverChoice> {
  if (asked === "process") return { driver: asked, reason: "as asked" };
  if (asked !== undefined && asked !== "auto" && asked !== "compose")
    throw usageError(`--driver takes ${Object.keys(drivers).join(", ")} or auto, not "${asked}".`);
  if (asked !== "compose" && running) return { driver: running, reason: "as it runs" };
  const engine = await findEngine();
  if (asked === "compose") {
    if (engine.ok) return { driver: asked, reason: "as asked" };
    throw environmentError(
      `--driver compose needs Docker, but ${engine.missing}: see \`lbctl doctor\`, or use --driver process.`,
    );
  }
  if (engine.ok) return { driver: "compose", reason: `Docker ${engine.engine} responds` };
  return { driver: "process", reason: engine.missing };
}
