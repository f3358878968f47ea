import { spawnSync } from "node:child_process";
import { compileFunction } from "node:vm";
import { type Module, PlacementError } from "../placement/index.ts";
import { moduleFailed } from "../placement/modules/module.ts";

/** What Node says where a module asks for another one. */
const notAlone: ReadonlySet<unknown> = new Set([
  "ERR_UNSUPPORTED_RESOLVE_REQUEST",
  "ERR_MODULE_NOT_FOUND",
  "ERR_UNKNOWN_BUILTIN_MODULE",
  "ERR_UNSUPPORTED_ESM_URL_SCHEME",
  "ERR_NETWORK_IMPORT_DISALLOWED",
]);

/**
 * Runs the source of a user's module, from its text alone, so that it runs in a container that has no file of it. What
 * compiles as CommonJS is that, and anything else an ES module. Throws a PlacementError that names the module.
 */
export async function evaluate(name: string, source: string): Promise<Module> {
  try {
    const exports = compileCommonJs(name, source)?.() ?? (await importEsm(name, source));
    return { source, exports };
  } catch (error) {
    throw explain(name, source, error);
  }
}

/** Compiles a CommonJS module; null for a source that is none. What it returns runs it, and gives its exports. */
function compileCommonJs(name: string, source: string): (() => Module["exports"]) | null {
  const compiled = compile(name, source);
  if (compiled === null) return null;
  return () => {
    const module: { exports: unknown } = { exports: {} };
    compiled(module.exports, module, requireBuiltin);
    const { exports } = module;
    return typeof exports === "object" && exports !== null ? { ...exports } : { default: exports };
  };
}

function compile(name: string, source: string): ReturnType<typeof compileFunction> | null {
  try {
    return compileFunction(source, ["exports", "module", "require"], { filename: name });
  } catch {
    return null;
  }
}

function requireBuiltin(name: string): unknown {
  const builtin: unknown = process.getBuiltinModule(name);
  if (builtin !== undefined) return builtin;
  throw Object.assign(new Error(`it requires "${name}"`), { code: "ERR_MODULE_NOT_FOUND" });
}

/** Imports an ES module. Stacks call it by its name, where they would else hold all of it. */
async function importEsm(name: string, source: string): Promise<Module["exports"]> {
  const bytes = Buffer.from(`${source}\n//# sourceURL=${name}`).toString("base64");
  return { ...(await import(`data:text/javascript;base64,${bytes}`)) };
}

function explain(name: string, source: string, error: unknown): PlacementError {
  if (error instanceof Error && "code" in error && notAlone.has(error.code)) {
    const [, wanted] = /"([^"]{1,80})"/.exec(error.message) ?? [];
    return new PlacementError(
      `${name} imports ${wanted === undefined ? "another module" : `"${wanted}"`}: a module has to stand alone, for it travels to the balancer; it may import from node: only, and \`npx esbuild FILE --bundle --platform=node --format=esm --outfile=WHOLE.js\` makes one of several.`,
    );
  }
  const line = error instanceof SyntaxError ? syntaxErrorLine(source) : undefined;
  return line === undefined
    ? moduleFailed(name, "as it was loaded", error)
    : new PlacementError(`${name} is not JavaScript, in line ${line}: ${(error as SyntaxError).message}.`);
}

/** Where the syntax error of an ES module is, which Node tells nobody but who asks it to check; undefined without one. */
function syntaxErrorLine(source: string): string | undefined {
  const check = ["--input-type=module", "--check", "-"];
  const { stderr } = spawnSync(process.execPath, check, { input: source, encoding: "utf8", timeout: 5_000 });
  return /^\[stdin\]:(\d+)$/m.exec(stderr ?? "")?.[1];
}
