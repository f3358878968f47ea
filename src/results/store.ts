import { mkdir, readdir, readFile, rename, rm, rmdir, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { codeOf, UserError } from "../errors.ts";
import { type Run, runSchema } from "./run.ts";

/**
 * The folder of reports: one folder a run, named by its start and its kind, with run.json, charts and hits in it,
 * and `latest` beside them, a link to the newest.
 */

const RUN_FILE = "run.json";
const LATEST = "latest";

/**
 * Makes the folder of a new run and returns the run's name, such as `2026-11-22T12-50-01-analyze` (UTC; `-2` and so
 * on when it is taken). Called before the work begins, so that a folder that can't be written is known in time.
 */
export async function claimRun(dir: string, kind: Run["kind"], now = new Date()): Promise<string> {
  const base = `${now.toISOString().slice(0, 19).replaceAll(":", "-")}-${kind}`;
  await makeFolders(resolve(dir)).catch(cannotWrite(dir));
  for (let n = 1; ; n++) {
    const run = n === 1 ? base : `${base}-${n}`;
    if (await makeFolder(join(dir, run))) return run;
  }
}

/** Gives a claimed run up: its folder goes, unless something is in it. */
export const releaseRun = (dir: string, run: string): Promise<void> => rmdir(join(dir, run)).catch(() => {});

/** Writes `dir/<run>/run.json` in one step, points `dir/latest` to the run, and returns the path of the file. */
export async function saveRun(dir: string, run: Run): Promise<string> {
  const folder = join(dir, run.run);
  const file = join(folder, RUN_FILE);
  const draft = `${file}.${process.pid}.part`;
  try {
    await makeFolders(resolve(folder));
    await writeFile(draft, `${JSON.stringify(run, null, 2)}\n`);
    await rename(draft, file);
  } catch (error) {
    cannotWrite(folder)(error);
  }
  await pointLatest(dir, run.run);
  return file;
}

/**
 * Reads a run: `latest`, a run's name within `dir`, or the path of a run's folder or of its run.json.
 * A run that is not there or can't be read is a UserError.
 */
export async function loadRun(dir: string, which: string = LATEST): Promise<Run> {
  for (const file of await filesOf(dir, which)) {
    const text = await readIfThere(file);
    if (text !== null) return parseRun(text, file);
  }
  throw new UserError(
    which === LATEST
      ? `There is no run in ${dir} yet: make one with \`lbctl send\` or \`lbctl analyze\`, or name another folder with --out.`
      : `There is no run "${which}" in ${dir}: see the names with \`ls ${dir}\`, or leave the name out for the newest.`,
  );
}

/** Where the run may be, likeliest first. */
async function filesOf(dir: string, which: string): Promise<string[]> {
  const named = [join(dir, which, RUN_FILE), join(which, RUN_FILE), which];
  if (which !== LATEST) return named;
  // A file system without links has no `latest`; names begin with the time, so the last one is the newest.
  const names = await readdir(dir).catch(() => []);
  const newestFirst = names
    .filter((name) => /^\d{4}-/.test(name))
    .toSorted()
    .reverse();
  return [join(dir, LATEST, RUN_FILE), ...newestFirst.map((name) => join(dir, name, RUN_FILE))];
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(codeOf(error))) return null;
    throw new UserError(`Can't read ${file} (${codeOf(error)}): check its permissions.`, undefined, { cause: error });
  }
}

function parseRun(text: string, file: string): Run {
  const checked = runSchema.safeParse(jsonOrNull(text));
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const where = issue?.path.join(".") || "the whole file";
  const hint =
    where === "schemaVersion"
      ? "another version of lbctl wrote it; use that one"
      : "run the command again to replace it";
  throw new UserError(`${file} is not a run that can be read (${where}: ${issue?.message}): ${hint}.`);
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** As mkdir's `recursive`, which never returns where a folder is there but takes none, such as /proc. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === "EEXIST" && (await stat(path)).isDirectory()) return;
    const parent = dirname(path);
    if (codeOf(error) !== "ENOENT" || (await stat(parent).catch(() => null)) !== null) throw error;
    await makeFolders(parent);
    await mkdir(path);
  }
}

/** Makes one folder; false when the name is taken. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    return cannotWrite(folder)(error);
  }
}

/** Replaces the link in one step. A file system without links goes without one: loadRun finds the newest by name. */
async function pointLatest(dir: string, run: string): Promise<void> {
  const draft = join(dir, `.${LATEST}-${process.pid}`);
  try {
    await rm(draft, { force: true });
    await symlink(run, draft, "dir");
    await rename(draft, join(dir, LATEST));
  } catch {
    await rm(draft, { force: true }).catch(() => {});
  }
}

const cannotWrite =
  (path: string) =>
  (error: unknown): never => {
    throw new UserError(
      `Can't write reports to ${path} (${codeOf(error)}): name a folder that you may write to with --out DIR.`,
      undefined,
      { cause: error },
    );
  };
