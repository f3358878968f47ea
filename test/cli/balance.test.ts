import { once } from "node:events";
import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { freshPort, type Sandbox, sandbox } from "../lbctl.ts";

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox();
});
afterAll(() => box[Symbol.asyncDispose]());

/** For `expect.poll`. */
const pollTimeout = { timeout: 30_000, interval: 5 } as const;

/** Starts a server that answers with its name; returns its line in a servers' file. */
async function startNamed(name: string): Promise<string> {
  const server = createServer((_, response) => response.end(name)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${name}=127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts the balancer and waits until it answers. */
async function balance(...flags: string[]) {
  const listen = `127.0.0.1:${freshPort()}`;
  const child = box.start(["balance", "--listen", listen, "--key", "uri", "--check", "off", ...flags]);
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  const url = (i: number) => `http://${listen}/${i}`;
  const bodyOf = async (i: number) => (await fetch(url(i))).text();
  await expect.poll(() => bodyOf(0).catch(() => ""), pollTimeout).not.toBe("");
  /** Who answers now, over many keys; each of them has to be answered. */
  const owners = async () => new Set(await Promise.all(Array.from({ length: 40 }, (_, i) => bodyOf(i))));
  return { child, owners, bodyOf, said: (text: string | RegExp) => expect.poll(() => said, pollTimeout).toMatch(text) };
}

describe("balance on SIGHUP", () => {
  test.each(["1", "2"])("takes the servers of its file without a lost request, with %s workers", async (workers) => {
    const [fixed, a, b] = await Promise.all(["fixed", "a", "b"].map(startNamed));
    const file = join(box.folder, `servers-${workers}.txt`);
    await writeFile(file, `# The fleet\n\n${a}  # the first\n`);
    const flags = ["--server", String(fixed), "--servers-file", file, "--workers", workers];
    const { child, owners, bodyOf, said } = await balance(...flags);
    expect(await owners()).toEqual(new Set(["fixed", "a"]));

    let done = false;
    const traffic = async () => {
      const seen = [];
      for (let i = 0; !done; i++) seen.push(await bodyOf(i));
      return seen;
    };
    const under = [traffic(), traffic()];
    await writeFile(file, `${a}*2\r\n${b}\r\n`);
    child.kill("SIGHUP");
    await said("Reloaded: 3 servers, 1 added, 0 removed.");
    await writeFile(file, `${b}\n`);
    child.kill("SIGHUP");
    await said("Reloaded: 2 servers, 0 added, 1 removed.");
    done = true;
    for (const seen of await Promise.all(under)) for (const name of seen) expect(["fixed", "a", "b"]).toContain(name);
    await expect.poll(owners, pollTimeout).toEqual(new Set(["fixed", "b"]));

    child.kill("SIGTERM");
    expect((await child).exitCode).toBe(0);
  });

  test("says in one line what is wrong with a file, and changes nothing", async () => {
    const a = await startNamed("a");
    const file = join(box.folder, "bad.txt");
    await writeFile(file, a);
    const { child, owners, said } = await balance("--servers-file", file);
    for (const [text, complaint] of [
      [`${a}\nb\n`, /bad\.txt, line 2: 'b' is not one server with an address/],
      [`${a}\n${a}\n`, /nothing has changed: .*a.*twice|nothing has changed: .*two.*a/],
      ["a=127.0.0.1:1*x\n", /bad\.txt, line 1: /],
      ["a=127.0.0.1:1,b=127.0.0.1:2\n", /line 1: .*not one server/],
      ["# nobody\n", /bad\.txt names no server/],
      ["a=no-port\n", /Not reloaded, and nothing has changed: .*no-port/],
    ] as const) {
      await writeFile(file, text);
      child.kill("SIGHUP");
      await said(complaint);
      expect(await owners()).toEqual(new Set(["a"]));
    }
    await rename(file, `${file}.away`);
    child.kill("SIGHUP");
    await said(/bad\.txt cannot be read \(ENOENT\)/);
    expect(await owners()).toEqual(new Set(["a"]));
  });

  test("opens its log anew, and goes on without a file of servers", async () => {
    const log = join(box.folder, "access.log");
    const { child, owners } = await balance("--server", await startNamed("a"), "--access-log", log);
    for (const name of ["SIGHUP", "SIGUSR1"] as const) {
      await expect.poll(() => existsSync(log), pollTimeout).toBe(true);
      await rename(log, `${log}.${name}`);
      child.kill(name);
      await expect.poll(() => existsSync(log), pollTimeout).toBe(true);
      expect(await owners()).toEqual(new Set(["a"]));
    }
    child.kill("SIGTERM");
    expect((await child).exitCode).toBe(0);
  });

  test("a bad file at the start is a usage error", async () => {
    const { exitCode, stderr } = await box.run("balance", "--servers-file", "missing.txt");
    expect(exitCode).toBe(2);
    expect(stderr).toBe("lbctl: missing.txt cannot be read (ENOENT): name a file with a server a line");
  });
});
