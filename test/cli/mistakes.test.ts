import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshPort, type Sandbox, sandbox } from "../lbctl.ts";

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox();
});
afterAll(() => box[Symbol.asyncDispose]());

/** One clear sentence, no stack, and the right exit code. */
async function refused(args: string[], exitCode: number, says: RegExp): Promise<void> {
  const result = await box.run(...args);
  expect(result.stderr).toMatch(says);
  expect(result.stderr).not.toMatch(/\n\s+at /);
  expect(result.exitCode).toBe(exitCode);
}

describe("usage", () => {
  test.each([
    [["up", "--bogus"], /unknown option '--bogus'/],
    [["sned"], /unknown command 'sned'.*\n.*Did you mean send/],
    [["up", "--servers", "0"], /--servers takes a whole number from 1/],
    [["up", "--servers", "2..3"], /--servers takes a whole number/],
    [["up", "--servers", "100000"], /--servers takes a whole number/],
    [["up", "--policy", "rnig", "--driver", "process"], /"rnig".*ring/],
    [["up", "--policy", "ring:vnodes=0", "--driver", "process"], /vnodes.*from 1/],
    [["up", "--hash", "md6", "--driver", "process"], /"md6".*md5/],
    [["up", "--key", "moon", "--driver", "process"], /'moon' is not a key: choose one of client-ip/],
    [["up", "--trust", "everyone", "--driver", "process"], /'everyone' is not trusted so/],
    [["up", "--check", "maybe", "--driver", "process"], /'maybe' is not a check/],
    [["up", "--driver", "podman"], /--driver takes process, compose or auto/],
    [["up", "--port", "80000"], /--port takes a whole number/],
    [["up", "--bind", "nowhere", "--driver", "process"], /--bind takes an IPv4 address/],
    [["up", "--fleet", "../x"], /--fleet takes up to 32/],
    [["analyze", "--servers", "6..2"], /6\.\.2 runs backwards: write 2\.\.6/],
    [["analyze", "--servers", "0..3"], /--servers takes a whole number from 1/],
    [["analyze", "--servers", "two"], /a range such as 2\.\.6/],
    [["analyze", "--simulate", "--policy", "ring,nope"], /"nope"/],
    [
      ["analyze", "--simulate", "--chart", "rings"],
      /There is no chart "rings": did you mean ring\? choose from ring, /,
    ],
    [["analyze", "--simulate", "--chart", "ring", "--no-charts"], /--chart asks for charts and --no-charts for none/],
    [["send", "--count", "0"], /--count takes a whole number from 1/],
    [["send", "--count", "1e3"], /--count takes a whole number/],
    [["send", "--expect", "speed>fast"], /--expect can't read/],
    [["place"], /Name keys to place/],
    [["place", "k", "--servers", "a,a"], /"a" is given twice/],
    [["place", "k", "--down", "zz"], /--down names zz/],
    [["balance"], /Name the servers/],
    [["balance", "--server", "a=127.0.0.1:1", "--workers", "0"], /no number of workers: write 1 to 64, or auto/],
    [
      ["balance", "--server", "a=127.0.0.1:1", "--head-timeout", "10s"],
      /--head-timeout: '10s' is not a whole number from 1 to 86400000 \(ms\)\./,
    ],
    [["compare", "ring@4", "ring"], /"ring" can't be read: write POLICY@SERVERS/],
    [["compare", "ring@4", "ring@0"], /--servers takes a whole number from 1/],
    [["compare", "ring@4", "ring@5", "--zipf", "0"], /--zipf takes an exponent over 0/],
    [["compare", "ring@4", "ring@5", "--key-field", "1"], /--keys-file/],
    [["completion", "tcsh"], /bash, zsh, fish/],
  ])("lbctl %j is a usage error", async (args, says) => refused(args, 2, says));

  test("help and version are no errors", async () => {
    for (const args of [["--help"], ["help", "send"], ["send", "--help"], ["--version"]])
      expect(await box.spawn(...args)).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("every command has examples in its help", async () => {
    const { stdout } = await box.run("--help");
    const names = [...stdout.matchAll(/^ {2}([a-z]+) .*\S {2,}\S|^ {2}([a-z]+) {2,}/gm)].map(
      (match) => match[1] ?? match[2],
    );
    expect(names.length).toBeGreaterThan(15);
    for (const name of names.filter((each) => each !== "help"))
      expect((await box.run(name as string, "--help")).stdout).toMatch(new RegExp(`Examples:\\n.*lbctl ${name}`));
  });
});

describe("what isn't there", () => {
  test.each([[["status"]], [["send", "--count", "1"]], [["scale", "2"]], [["logs"]], [["kill", "server-1"]]])(
    "lbctl %j without a fleet says how to bring one up",
    async (args) => refused(args, 1, /isn't up: bring it up with `lbctl up`/),
  );

  test("no Docker engine", async () => {
    const child = await box.start(["up", "--driver", "compose"], { DOCKER_HOST: "unix:///nowhere/docker.sock" });
    expect(child.stderr).toMatch(/--driver compose needs Docker/);
    expect(child.exitCode).toBe(3);
    expect(await readdir(box.home).catch(() => [])).toEqual([]);
  });

  test("no run to report, and a file in the place of the reports folder", async () => {
    await refused(["report"], 1, /There is no run/);
    await writeFile(join(box.folder, "file"), "");
    await refused(["analyze", "--simulate", "--out", "file"], 1, /Can't write reports to file/);
    if (process.platform === "linux")
      await refused(["analyze", "--simulate", "--out", "/proc/x/y"], 1, /Can't write reports to/);
  });

  test("a keys file that isn't there", () =>
    refused(["place", "--keys", "no-such"], 1, /keys file no-such can't be read/));

  test("a state folder that can't be written", async () => {
    const child = await box.start(["up", "--driver", "process"], { LBCTL_HOME: join(box.folder, "file", "home") });
    expect(child.stderr).toMatch(/state folder .* can't be written .*LBCTL_HOME/);
    expect(child.exitCode).toBe(3);
  });
});

describe("a taken port", () => {
  let squatter: Server;
  const port = freshPort();
  afterAll(() => new Promise((resolve) => squatter.close(resolve)));

  test("is named with its holder, and nothing is left behind", async () => {
    squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port + 2, "127.0.0.1", resolve));
    await refused(
      ["up", "--driver", "process", "--port", String(port)],
      1,
      new RegExp(`Port ${port + 2} is taken.*--port`),
    );
    expect(await readdir(box.home)).toEqual([]);
    await new Promise<void>((resolve, reject) => {
      const probe = createServer().once("error", reject);
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
    });
  });
});

describe("a fleet in trouble", () => {
  const port = freshPort();
  const state = (name: string) => join(box.home, "default", name);
  const supervisorPid = async () => JSON.parse(await readFile(state("supervisor.json"), "utf8")).pid as number;

  test("outlives a killed supervisor, which the next up starts again", async () => {
    await box.run("up", "--driver", "process", "--port", String(port), "--servers", "1");
    const servers = async () => JSON.parse((await box.run("status", "--json")).stdout).servers;
    const before = await servers();
    process.kill(await supervisorPid(), "SIGKILL");
    const alone = await box.run("status");
    expect(alone).toMatchObject({ exitCode: 1 });
    expect(alone.stdout).toMatch(/has ended: nothing replaces what dies/);
    expect((await box.run("send", "--count", "50", "--no-charts")).exitCode).toBe(0);
    expect((await box.run("up")).stderr).toMatch(/supervisor had ended and runs again/);
    expect((await servers())[0].id).toBe(before[0].id);
  });

  test("is left alone by a change that its policy has no room for", async () => {
    await box.run("up", "--servers", "3", "--policy", "jump");
    const servers = async () => JSON.parse((await box.run("status", "--json")).stdout).servers;
    const before = await servers();
    await refused(["rm", "server-2"], 2, /^lbctl: jump numbers its servers, .* server-2 is missing/);
    expect(await servers()).toEqual(before);
    await refused(["up", "--servers", "60", "--policy", "classroom"], 2, /classroom ring has 512 slots/);
    expect(await servers()).toEqual(before);
  });

  test("its files are for their owner alone", async () => {
    expect((await stat(join(box.home, "default"))).mode & 0o777).toBe(0o700);
    expect((await stat(state("token"))).mode & 0o777).toBe(0o600);
  });

  test("what can't change while it runs is refused", async () => {
    await refused(["up", "--port", String(port + 100)], 2, /runs with --port .* `lbctl down` first/);
  });

  test("a corrupt state file says how to get rid of it, and down does", async () => {
    process.kill(await supervisorPid(), "SIGKILL");
    await writeFile(state("fleet.json"), '{"schemaVersion":');
    await refused(["status"], 1, /fleet\.json is corrupt: run `lbctl down`/);
    await refused(["up"], 1, /fleet\.json is corrupt: run `lbctl down`/);
    expect((await box.run("down")).exitCode).toBe(0);
    expect(await readdir(box.home)).toEqual([]);
    await expect(fetch(`http://127.0.0.1:${port + 1}/heartbeat`)).rejects.toThrow();
  });

  test("what isn't a fleet is nobody's business", async () => {
    await mkdir(join(box.home, "photos"), { recursive: true });
    await writeFile(join(box.home, "photos", "a.jpg"), "");
    await mkdir(join(box.home, "Docs"), { recursive: true });
    expect((await box.run("down", "--all")).exitCode).toBe(0);
    expect((await box.run("down", "--fleet", "photos")).exitCode).toBe(0);
    expect(await readdir(join(box.home, "photos"))).toEqual(["a.jpg"]);
    await rm(join(box.home, "photos"), { recursive: true });
    await rm(join(box.home, "Docs"), { recursive: true });
  });

  test("a folder of which only a broken record is left is cleared by down", async () => {
    await mkdir(join(box.home, "junk"), { recursive: true });
    await writeFile(join(box.home, "junk", "fleet.json"), "junk");
    expect((await box.run("down", "--fleet", "junk")).exitCode).toBe(0);
    expect(await readdir(box.home)).toEqual([]);
  });
});
