// The build: tsc compiles everything, then three things become one file each, and the types for authors are put beside them.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const typescript = dirname(fileURLToPath(import.meta.resolve("typescript/package.json")));

rmSync(join(root, "dist"), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [join(typescript, "bin/tsc"), "-p", join(root, "tsconfig.build.json")], {
  stdio: ["ignore", 2, 2],
});
if (status !== 0) process.exit(1);

// The types for who writes a policy or a hash: `import type { Build } from "lbctl"`. It holds nothing but types.
cpSync(join(root, "src/placement/modules/author.ts"), join(root, "dist/author.d.ts"));

const requireForCommonJs =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
/** @satisfies {import("esbuild").BuildOptions} */
const common = /** @type {const} */ ({
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  legalComments: "eof",
  logLevel: "warning",
  banner: { js: requireForCommonJs },
});

// What runs in a container, and as a process: one file that needs nothing but Node, so that images build without a registry.
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const define = { "process.env.LBCTL_VERSION": JSON.stringify(version) };
for (const part of ["balancer", "server"])
  await build({ ...common, define, entryPoints: [`dist/cluster/${part}/main.js`], outfile: `dist/image/${part}.mjs` });

// chartjs-node-canvas asks for `canvas`, whose install needs a compiler and a download. Here its one look-up is
// answered with @napi-rs/canvas, so that whoever installs lbctl never meets `canvas`.
const napiCanvas = {
  name: "napi-canvas",
  setup({ onLoad }) {
    onLoad({ filter: /freshRequire\.js$/ }, () => ({
      contents: 'exports.freshRequire = () => require("@napi-rs/canvas");',
      loader: "js",
    }));
  },
};
await build({
  ...common,
  entryPoints: ["dist/src/report/charts/renderer.js"],
  outfile: "dist/src/report/charts/renderer.js",
  allowOverwrite: true,
  external: ["chart.js", "@napi-rs/canvas"],
  plugins: [napiCanvas],
});

// The command line and its supervisor, with what they need, in a few files: reading hundreds would take most of a short command's time.
// zod's own entry reads every language that it speaks, where ours are sentences of our own; undici's reads fetch, WebSocket and caches.
const lean = {
  name: "lean",
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
    onLoad({ filter: /node_modules[\\/]undici[\\/]index\.js$/ }, () => ({
      contents: `
        Object.assign(require("./lib/dispatcher/dispatcher").prototype, require("./lib/api"));
        exports.Client = require("./lib/dispatcher/client");
        exports.Pool = require("./lib/dispatcher/pool");`,
    }));
  },
};
await build({
  ...common,
  splitting: true,
  entryPoints: ["dist/src/cli.js", "dist/src/fleet/supervisor-main.js"],
  outbase: "dist/src",
  outdir: "dist/cli",
  chunkNames: "chunks/[name]-[hash]",
  external: ["chart.js", "@napi-rs/canvas"],
  plugins: [lean],
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
});

// `lbctl/placement`: one file for Node and browsers, and its types beside the sources' own.
await build({
  absWorkingDir: root,
  bundle: true,
  platform: "neutral",
  target: "es2022",
  format: "esm",
  logLevel: "warning",
  entryPoints: ["dist/src/placement/library.js"],
  outfile: "dist/placement.js",
});
const types = spawnSync(process.execPath, [
  join(typescript, "bin/tsc"),
  ...["-p", join(root, "tsconfig.build.json"), "--incremental", "false", "--sourceMap", "false"],
  ...["--declaration", "--emitDeclarationOnly", "--outDir", join(root, "dist/types")],
]);
if (types.status !== 0) process.exit(1);
for (const part of readdirSync(join(root, "dist/types")))
  if (part !== "src") rmSync(join(root, "dist/types", part), { recursive: true });
for (const part of readdirSync(join(root, "dist/types/src")))
  if (part !== "placement") rmSync(join(root, "dist/types/src", part), { recursive: true });
for (const file of readdirSync(join(root, "dist/types"), { recursive: true, withFileTypes: true }).filter((entry) =>
  entry.isFile(),
)) {
  const path = join(file.parentPath ?? file.path, file.name);
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"'));
}

// Man pages, from the command table.
const { commandTable } = await import("../dist/src/command-table.js");
const { manPages } = await import("../dist/src/reference.js");
mkdirSync(join(root, "dist/man"), { recursive: true });
for (const [name, text] of manPages(commandTable, version)) writeFileSync(join(root, "dist/man", name), text);
