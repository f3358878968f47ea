import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of lbctl's own package.json: the same from `src/`, from `dist/` and from an installed package. */
export const packageRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

/** lbctl's version, as its package.json has it. */
export const version: string = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")).version;

function findRoot(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : findRoot(dirname(folder));
}
