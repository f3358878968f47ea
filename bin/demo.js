// The main job, once: up, send, analyze, down. Everything but the reports is gone afterwards, Ctrl-C or not.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "lbctl-demo-"));
const began = performance.now();
let interrupted = false;
// lbctl hears Ctrl-C itself and rolls back; the demo only goes on to the end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    interrupted = true;
  });

/** Shows and runs one command; its exit code. */
function lbctl(...args) {
  console.log(`\n$ lbctl ${args.join(" ")}`);
  const child = spawn(process.execPath, [join(root, "bin/lbctl.js"), ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, LBCTL_HOME: home },
  });
  return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
}

/** Whether the ports of a fleet of six at `port` are free. */
async function free(port) {
  for (let p = port - 1; p <= port + 6; p++) {
    const listening = await new Promise((resolve) => {
      const probe = createServer().once("error", () => resolve(false));
      probe.listen(p, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (!listening) return false;
  }
  return true;
}

async function portFlags() {
  for (const port of [5000, 5100, 6000, 7000, 15000, 25000])
    if (await free(port)) return port === 5000 ? [] : ["--port", String(port)];
  throw new Error("The demo found no free ports: end what listens on 5000 to 5006 and try again.");
}

async function mainJob() {
  const steps = [
    ["up", "--driver", "process", ...(await portFlags())],
    ["send", "--count", "10000"],
    ["analyze", "--servers", "2..6", "--policy", "ring,maglev,modulo,classroom"],
  ];
  for (const step of steps) {
    const code = interrupted ? 130 : await lbctl(...step);
    if (code !== 0) return code;
  }
  return 0;
}

const code = await mainJob().catch((error) => {
  console.error(error.message);
  return 1;
});
const down = await lbctl("down");
if (down === 0) rmSync(home, { recursive: true, force: true });
if (code !== 0 || down !== 0) {
  const left = down === 0 ? "The fleet is down and nothing is left." : `The fleet's state is in ${home}.`;
  console.error(`\n${interrupted ? "Interrupted." : `The demo failed with exit code ${code || down}.`} ${left}`);
  process.exit(code || down);
}
const seconds = Math.round((performance.now() - began) / 1000);
console.log(`
Done in ${seconds} s. The fleet is down again. What was made is in ${join(root, "reports")}/:
  reports/latest/            the study: run.json, load-per-server.png, mean-vs-servers.png, spread.png, moved.png
  reports/…-send/            the burst: run.json, load.png

Try next (npm link puts lbctl on your PATH; node bin/lbctl.js works as well):
  lbctl report                                  the study's tables again
  lbctl report --chart ring                     its rings: why the classroom's servers have so unequal shares
  lbctl up && lbctl status --watch              a fleet of your own; lbctl kill server-2 in another shell
  lbctl analyze --simulate --servers 2..32 --policy ring:vnodes=10,ring,maglev --count 100000
  lbctl place alice bob carol --servers 5       where keys go
  lbctl --help                                  everything else`);
