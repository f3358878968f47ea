// Makes a clone ready: installs and builds when something changed since the last time, and says nothing otherwise.
// Imports nothing but node:, because it runs before there is anything else.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "dist/.sources");

/** npm writes its hidden lock file last, so an install that was cut short is done again. */
function installed() {
  const mark = join(root, "node_modules/.package-lock.json");
  return existsSync(mark) && statSync(mark).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

/** A hash of everything that the build reads. */
function sources() {
  const hash = createHash("sha256").update(process.version);
  const add = (file) => hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  for (const file of ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json", "bin/bundle.js"])
    add(file);
  for (const folder of ["src", "cluster"]) {
    const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
    for (const file of files.map((file) => file.slice(root.length)).sort()) add(file);
  }
  return hash.digest("hex");
}

function run(title, command, ...args) {
  process.stderr.write(`${title} …\n`);
  // npm and npx are scripts with another name on Windows; there a shell has to find them. Nothing here comes from input.
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  process.stderr.write(`${title} failed${error ? `: ${error.message}` : ""}.\n`);
  process.exit(1);
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`lbctl needs Node.js 20.19 or newer; this is ${process.version}.\n`);
  process.exit(3);
}
if (!installed())
  run("installing packages", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
const wanted = sources();
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  run("building", process.execPath, join(root, "bin/bundle.js"));
  writeFileSync(stamp, wanted);
}
