import { stripVTControlCharacters } from "node:util";
import { environmentError, UserError } from "../errors.ts";

/** Loaded when it is used: most commands on a fleet of processes run without it, and it is slow to load. */
const loadExeca = async () => (await import("execa")).execa;

/** Runs `docker` with an argument list; output is returned as text, and a failure becomes one sentence with what Docker said last. */
export async function docker(
  args: readonly string[],
  options: { signal?: AbortSignal; cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const { signal, ...rest } = options;
  const execa = await loadExeca();
  const result = await execa("docker", args, {
    stdin: "ignore",
    reject: false,
    ...rest,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  signal?.throwIfAborted();
  if (result.exitCode === 0) return String(result.stdout);
  throw dockerError(args, String(result.stderr ?? ""), result.exitCode);
}

/** The lines that `docker` writes to stdout, as they come, until it ends or is aborted. */
export async function* dockerLines(args: readonly string[], signal: AbortSignal): AsyncGenerator<string> {
  const execa = await loadExeca();
  const child = execa("docker", args, {
    stdin: "ignore",
    stderr: "ignore",
    buffer: false,
    reject: false,
    cancelSignal: signal,
  });
  // Compose clears the line before each one, colours or not.
  for await (const line of child) yield stripVTControlCharacters(String(line));
  await child;
}

function dockerError(args: readonly string[], stderr: string, exitCode: number | undefined): UserError {
  if (
    exitCode === undefined ||
    /Cannot connect to the Docker daemon|error during connect|permission denied.*docker\.sock/i.test(stderr)
  )
    return environmentError("Docker doesn't respond: start the engine (see `lbctl doctor`) or use --driver process.");
  const lines = stderr
    .trim()
    .split("\n")
    .filter((line) => line.trim() !== "");
  return new UserError(`docker ${args[0]} failed: ${lines.at(-1)?.trim() ?? `exit code ${exitCode}`}`);
}

/** Versions of what the Compose driver needs, or the sentence that says what is missing. */
export type EngineReport = { ok: true; engine: string; compose: string } | { ok: false; missing: string };

/** Looks for a Docker engine that responds within three seconds, and Compose v2. */
export async function findEngine(): Promise<EngineReport> {
  const execa = await loadExeca();
  const ask = (...args: string[]) => execa("docker", args, { reject: false, timeout: 3_000, stdin: "ignore" });
  const [engine, compose] = await Promise.all([
    ask("version", "--format", "{{.Server.Version}}"),
    ask("compose", "version", "--short"),
  ]);
  if (engine.code === "ENOENT") return { ok: false, missing: "there is no `docker` command" };
  if (engine.timedOut) return { ok: false, missing: "the Docker engine does not respond within 3 s" };
  if (engine.exitCode !== 0) return { ok: false, missing: "no Docker engine responds" };
  if (compose.exitCode !== 0) return { ok: false, missing: "`docker compose` (Compose v2) is missing" };
  return { ok: true, engine: engine.stdout.trim(), compose: compose.stdout.trim() };
}

/** The version of a plugin of Docker's, such as buildx; null where it is missing. */
export async function dockerVersion(plugin: string): Promise<string | null> {
  const execa = await loadExeca();
  const { exitCode, stdout } = await execa("docker", [plugin, "version"], {
    reject: false,
    timeout: 3_000,
    stdin: "ignore",
  });
  return exitCode === 0 ? (/v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? "yes") : null;
}
