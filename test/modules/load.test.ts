import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import * as nodeModule from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAX_SOURCE_BYTES, moduleName } from "../../src/modules/file.ts";
import { loadModules, loadPlacement, withModules } from "../../src/modules/load.ts";
import {
  formatPolicy,
  PlacementError,
  parseHash,
  parseHashes,
  parsePolicies,
  parsePolicy,
  sourcesOf,
} from "../../src/placement/index.ts";
import { hashText } from "../../src/placement/key.ts";
import { parseScenario } from "../../src/study/scenario.ts";

let folder: string;
const at = (name: string) => join(folder, name);
const put = (name: string, source: string) => writeFile(at(name), source);

const hash = "export const hash = (bytes) => bytes.length;\n";
const policy = "export const options = { a: 1, b: 2 };\nexport const build = (all) => () => all.length - 1;\n";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lbctl-modules-"));
  await put("h.js", hash);
  await put("p.js", policy);
});
afterAll(() => rm(folder, { recursive: true }));

describe("a path in the text of", () => {
  const [h, p] = [moduleName("h.js", hash), moduleName("p.js", policy)];

  test("a policy or a hash is that of a module", async () => {
    expect(formatPolicy(await withModules(at("p.js"), parsePolicy))).toBe(p);
    expect(formatPolicy(await withModules(`${at("p.js")}:b=2,a=4`, parsePolicy))).toBe(`${p}:a=4`);
    const loaded = await withModules(at("h.js"), parseHash);
    expect([loaded.name, loaded.bits, hashText(loaded, "alice")]).toEqual([h, 32, 5]);
  });

  test("a list stands beside names, with options or without", async () => {
    const list = `ring,${at("p.js")}:a=3,b=4,maglev, ${at("p.js")}`;
    const policies = await withModules(list, parsePolicies);
    expect(policies.map(formatPolicy)).toEqual(["ring", `${p}:a=3,b=4`, "maglev", p]);
    const hashes = await withModules(`md5, ${at("h.js")},xxh64`, parseHashes);
    expect(hashes.map(({ name }) => name)).toEqual(["md5", h, "xxh64"]);
  });

  test.each([
    ["ring@3", "ring@3"],
    ["ring/H@3", `ring/${h}@3`],
    ["ring:vnodes=4/H@a,b", `ring:vnodes=4/${h}@a,b`],
    ["P@3", `${p}@3`],
    ["P:a=9/H@a*2,b", `${p}:a=9/${h}@a*2,b`],
    ["P/md5@3", `${p}/md5@3`],
  ])("a scenario such as %s ends at its extension", async (written, text) => {
    const scenario = written.replace(/[HP]/g, (letter) => at(letter === "H" ? "h.js" : "p.js"));
    expect((await withModules(scenario, parseScenario)).text).toBe(text);
  });

  test("a folder may have a file's name in it, blanks and what else there is", async () => {
    await mkdir(at("my jstuff.json@home"));
    await put("my jstuff.json@home/my own+hash.mjs", hash);
    const loaded = await withModules(at("my jstuff.json@home/my own+hash.mjs"), parseHash);
    expect(loaded.name).toBe(moduleName("my_own_hash.mjs", hash));
  });

  test.each(["mine.js", "./mine", "/", "..", "./mine.json", "C:\\mine.js"])(
    "%s is none, and that is explained",
    async (text) => {
      await expect(withModules(text, parseHash)).rejects.toThrow(
        /path, which begins with \.\/, \.\.\/ or \/ and ends with \.js/,
      );
      await expect(withModules(text, parsePolicies)).rejects.toThrow(PlacementError);
    },
  );
});

describe("a module", () => {
  const words = {
    "esm.mjs":
      'import { createHash } from "node:crypto";\nexport const hash = (b) => createHash("md5").update(b).digest()[0];',
    "common.cjs":
      'const { createHash } = require("node:crypto");\nexports.hash = (b) => createHash("md5").update(b).digest()[0];',
    "single.js": 'module.exports = (b) => require("crypto").createHash("md5").update(b).digest()[0];',
    "default.js":
      'import * as crypto from "crypto";\nexport default (b) => crypto.createHash("md5").update(b).digest()[0];',
    "waits.js":
      'const { createHash } = await import("node:crypto");\nexport const hash = (b) => createHash("md5").update(b).digest()[0];',
  };

  test("may be ESM or CommonJS, and may import from node:", async () => {
    for (const [file, source] of Object.entries(words)) {
      await put(file, source);
      // The first byte of md5("alice"), as `printf alice | md5sum` has it.
      expect(hashText(await withModules(at(file), parseHash), "alice")).toBe(0x63);
    }
  });

  test("keeps signs beyond ASCII", async () => {
    await put("signs.js", 'export const hash = (b) => (new TextDecoder().decode(b) === "größe→" ? 1 : 0);');
    expect(hashText(await withModules(at("signs.js"), parseHash), "größe→")).toBe(1);
  });

  test.each([
    ["missing.js", null, /The module .*missing\.js can't be read \(ENOENT\)/],
    [
      "bad.js",
      "export const hash = (b) => {\n  return b +;\n};",
      /^bad\.js#\w{8} is not JavaScript, in line 2: Unexpected token ';'\.$/,
    ],
    ["bad.cjs", "\nmodule.exports = {,};", /^bad\.cjs#\w{8} is not JavaScript, in line 2: /],
    [
      "throws.js",
      "\n\nfoo.bar;\nexport default 1;",
      /^throws\.js#\w{8} failed as it was loaded, in line 3: ReferenceError: foo is not defined\.$/,
    ],
    ["throws.cjs", "\nthrow 5;", /failed as it was loaded: 5/],
    [
      "lacks.js",
      'import { nothing } from "node:fs";\nexport default 1;',
      /failed as it was loaded, in line 1: SyntaxError: .*nothing/,
    ],
    [
      "relative.js",
      'import "./other.js";\nexport const hash = 1;',
      /^relative\.js#\w{8} imports "\.\/other\.js": a module has to stand alone, .*npx esbuild/,
    ],
    ["relative.cjs", 'exports.hash = require("./other.cjs");', /imports "\.\/other\.cjs": a module has to stand alone/],
    ["package.js", 'import "lodash";\nexport const hash = 1;', /imports "lodash": /],
    ["large.js", " ".repeat(MAX_SOURCE_BYTES + 1), /has more than 256 KiB/],
  ])("such as %s is refused in one sentence that names it", async (file, source, message) => {
    if (source !== null) await put(file, source);
    const read = withModules(at(file), parseHash);
    await expect(read).rejects.toThrow(PlacementError);
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.not.toThrow(/\n|base64/);
  });

  test("in TypeScript loses its types where Node.js can do that, and says so where it can't", async () => {
    await put("typed.ts", "export const hash = (bytes: Uint8Array): number => bytes.length;");
    const read = withModules(at("typed.ts"), parseHash);
    if ("stripTypeScriptTypes" in nodeModule) expect(hashText(await read, "alice")).toBe(5);
    else
      await expect(read).rejects.toThrow(
        /typed\.ts is TypeScript, .* use Node\.js 22\.13 or newer, or give it as JavaScript/,
      );
  });

  test("says in which line it failed later", async () => {
    await put("later.js", "export const hash = (b) => {\n  if (b.length > 2) throw new Error('no');\n  return 1;\n};");
    const loaded = await withModules(at("later.js"), parseHash);
    expect(() => hashText(loaded, "alice")).toThrow(/^later\.js#\w{8} failed on "alice", in line 2: Error: no\.$/);
  });
});

describe("what a fleet keeps of modules", () => {
  test("is their sources, from which the same is loaded when the files are gone", async () => {
    const spec = await withModules(`${at("p.js")}:a=4`, parsePolicy);
    const kept = { policy: formatPolicy(spec), hash: moduleName("h.js", hash) };
    const loaded = await withModules(at("h.js"), parseHash);
    const modules = sourcesOf(spec, loaded);
    expect(Object.keys(modules)).toEqual([spec.name, loaded.name]);
    const again = await loadPlacement({ ...kept, modules: JSON.parse(JSON.stringify(modules)) });
    expect([formatPolicy(again.policy), again.hash.name, hashText(again.hash, "bob")]).toEqual([
      kept.policy,
      kept.hash,
      3,
    ]);
  });

  test("is nothing for what the tables have", () => {
    expect(sourcesOf(parsePolicy("ring"), parseHash("md5"))).toEqual({});
  });

  test("is another one when the source is, and never one of another source", async () => {
    expect(moduleName("h.js", `${hash} `)).not.toBe(moduleName("h.js", hash));
    await expect(loadModules({ "h.js#00000000": hash })).rejects.toThrow(
      /^The module h\.js#00000000 is not what its name says: by its source it is h\.js#\w{8}\.$/,
    );
    await expect(loadModules({ "../h.js": hash })).rejects.toThrow(/not what its name says/);
    const large = " ".repeat(MAX_SOURCE_BYTES + 1);
    await expect(loadModules({ [moduleName("h.js", large)]: large })).rejects.toThrow(/more than 256 KiB/);
  });
});
