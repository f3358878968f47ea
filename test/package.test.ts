import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runInNewContext } from "node:vm";
import { build } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The package as npm would publish it, unpacked in the node_modules of a project. */
describe("the package", () => {
  let project: string;

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), "lbctl-package-"));
    const { stdout } = await execa("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", project]);
    const modules = join(project, "node_modules");
    await mkdir(join(modules, "lbctl"), { recursive: true });
    await execa("tar", ["-xzf", join(project, stdout.trim()), "--strip-components=1", "-C", join(modules, "lbctl")]);
    await writeFile(join(project, "package.json"), '{"type":"module"}');
    await writeFile(
      join(project, "use.ts"),
      `import { type KeyPlacement, placementOf } from "lbctl/placement";
const ring: KeyPlacement = placementOf("ring", ["a", "b", "c"]);
const owners: string[] = ring.owners("alice", 3);
console.log(JSON.stringify([ring.owner("alice"), owners, ring.add("d").servers.length]));
`,
    );
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  const expected = '["b",["b","c","a"],4]';

  test("gives lbctl/placement to Node", async () => {
    const { code } = await bundle({ platform: "node", packages: "external" });
    await writeFile(join(project, "use.mjs"), code);
    expect((await execa("node", ["use.mjs"], { cwd: project })).stdout).toBe(expected);
  });

  test("gives it to a browser, which has none of Node's globals", async () => {
    const { code } = await bundle({ platform: "browser", format: "iife" });
    const lines: string[] = [];
    runInNewContext(code, { console: { log: (line: string) => lines.push(line) }, TextEncoder });
    expect(lines).toEqual([expected]);
  });

  test("has its types", async () => {
    await symlink(resolve("node_modules/typescript"), join(project, "node_modules/typescript"));
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom"];
    const tsc = join(project, "node_modules/typescript/bin/tsc");
    const right = await execa("node", [tsc, ...options, "use.ts"], { cwd: project, reject: false });
    expect([right.exitCode, right.stdout]).toEqual([0, ""]);
    await writeFile(join(project, "wrong.ts"), 'import { placementOf } from "lbctl/placement";\nplacementOf(1, []);\n');
    const wrong = await execa("node", [tsc, ...options, "wrong.ts"], { cwd: project, reject: false });
    expect(wrong.stdout).toContain("is not assignable to parameter of type 'string'");
  });

  test("holds the man pages and the docs", async () => {
    const at = (path: string) => readFile(join(project, "node_modules/lbctl", path), "utf8");
    expect(await at("dist/man/lbctl-send.1")).toContain(".SH OPTIONS");
    expect(await at("docs/spec.md")).toContain("# What the balancer does");
  });

  async function bundle(options: Parameters<typeof build>[0]): Promise<{ code: string }> {
    const { outputFiles } = await build({
      absWorkingDir: project,
      entryPoints: ["use.ts"],
      bundle: true,
      write: false,
      format: "esm",
      ...options,
    });
    return { code: outputFiles?.[0]?.text ?? "" };
  }
});
