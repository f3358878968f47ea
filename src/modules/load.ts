/** A user's own policies and hashes: from the paths and sources of their modules to what texts may name. */
import {
  type Hash,
  type Module,
  type Modules,
  PlacementError,
  type PolicySpec,
  parseHash,
  parsePolicy,
  type Sources,
} from "../placement/index.ts";
import { evaluate } from "./evaluate.ts";
import { MAX_SOURCE_BYTES, moduleName, readSource } from "./file.ts";

/**
 * A path in the text of a policy, a hash, a list of them or a scenario: it begins the text, or follows a comma or a slash,
 * with `./`, `../` or `/`, and ends with the first extension that the text goes on after as after a name.
 */
const PATH = /(?<=^\s*|,\s*|\/)\.{0,2}\/[^,:]*?\.[cm]?[jt]s(?=$|[:,/@\s])/g;

/**
 * Parses a text in which modules may be named by their paths: loads those, and gives `parse` the text with their names in
 * place of the paths. Throws a PlacementError for a module that can't be loaded.
 */
export async function withModules<T>(text: string, parse: (text: string, modules: Modules) => T): Promise<T> {
  const modules = new Map<string, Module>();
  const names = new Map<string, string>();
  for (const [path] of text.matchAll(PATH)) {
    const source = await readSource(path);
    const name = moduleName(path, source);
    names.set(path, name);
    modules.set(name, await evaluate(name, source));
  }
  return parse(
    text.replaceAll(PATH, (path) => names.get(path) ?? path),
    modules,
  );
}

/** Loads modules from their sources. Throws a PlacementError where one can't be, or is not the one of its name. */
export async function loadModules(sources: Sources): Promise<Modules> {
  const entries = Object.entries(sources).map(async ([name, source]): Promise<[string, Module]> => {
    checkName(name, source);
    return [name, await evaluate(name, source)];
  });
  return new Map(await Promise.all(entries));
}

/** A policy and a hash as texts, with the sources of the modules that these name: how a fleet keeps them. */
interface KeptPlacement {
  readonly policy: string;
  readonly hash: string;
  readonly modules: Sources;
}

/** Loads the policy and the hash that were kept. Throws a PlacementError where they can't be. */
export async function loadPlacement(kept: KeptPlacement): Promise<{ policy: PolicySpec; hash: Hash }> {
  const modules = await loadModules(kept.modules);
  return { policy: parsePolicy(kept.policy, modules), hash: parseHash(kept.hash, modules) };
}

/** What a fleet keeps and what it compares are names, so that a name has to say which source it is. */
function checkName(name: string, source: string): void {
  const right = moduleName(name.split("#", 1)[0] ?? "", source);
  if (name !== right)
    throw new PlacementError(`The module ${name} is not what its name says: by its source it is ${right}.`);
  if (Buffer.byteLength(source) > MAX_SOURCE_BYTES)
    throw new PlacementError(`The module ${name} has more than ${MAX_SOURCE_BYTES / 1024} KiB.`);
}
