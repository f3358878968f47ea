import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findEngine } from "../src/fleet/docker.ts";
import { buildLocalBase } from "../src/fleet/local-base.ts";
import { withModules } from "../src/modules/load.ts";
import { createPlacement, hashes, parsePolicy } from "../src/placement/index.ts";
import { freshPort } from "./lbctl.ts";

// The fleet without lbctl: `docker compose up --build` on the file at the root, on a base that needs no registry.
const root = new URL("..", import.meta.url).pathname;
const engine = await findEngine();
if (!engine.ok) process.stderr.write(`The tests of docker-compose.yml are skipped: ${engine.missing}.\n`);

interface Service {
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  privileged?: boolean;
  restart: string;
  ports: { host_ip: string; published: string; target: number }[];
  volumes?: unknown[];
}

describe.skipIf(!engine.ok)("docker-compose.yml", () => {
  const port = freshPort();
  const project = `lbctl-root-${process.pid}`;
  let folder: string;
  let env: Record<string, string>;
  const compose = (...args: string[]) =>
    execa(
      "docker",
      [
        "compose",
        "--project-name",
        project,
        "--file",
        "docker-compose.yml",
        "--file",
        join(folder, "ports.yml"),
        ...args,
      ],
      {
        cwd: root,
        env,
      },
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lbctl-compose-"));
    const ports = (name: string, offset: number, target = offset) =>
      `  ${name}: { ports: !override ["127.0.0.1:${port + offset}:${5000 + target}"] }\n`;
    const services = [ports("balancer", 0), ...[1, 2, 3].map((i) => ports(`server-${i}`, i))];
    await writeFile(join(folder, "ports.yml"), `services:\n${services.join("")}`);
    const base = await buildLocalBase(() => {}, new AbortController().signal);
    env = { NODE_IMAGE: base, DIST: "built" };
    await compose("up", "--build", "--detach", "--wait");
  }, 180_000);

  afterAll(async () => {
    await compose("down", "--volumes", "--timeout", "2");
    await rm(folder, { recursive: true });
  }, 60_000);

  test("gives a balancer before three servers, all healthy", async () => {
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect(await health.json()).toMatchObject({
      status: "ok",
      servers: [{ state: "up" }, { state: "up" }, { state: "up" }],
    });
    const direct = await fetch(`http://127.0.0.1:${port + 2}/home`);
    expect(await direct.json()).toEqual({ message: "Hello from Server: server-2", status: "successful" });
  });

  test("spreads clients over the servers, each to one of its own", async () => {
    const served = async (client: string) =>
      (await fetch(`http://127.0.0.1:${port}/api`, { headers: { "x-forwarded-for": client } })).headers.get(
        "x-served-by",
      );
    const clients = Array.from({ length: 60 }, (_, i) => `10.9.8.${i}`);
    const first = await Promise.all(clients.map(served));
    expect(new Set(first)).toEqual(new Set(["server-1", "server-2", "server-3"]));
    expect(await Promise.all(clients.map(served))).toEqual(first);
  });

  test("runs as a plain user, with nothing to write to and no privilege", async () => {
    const { stdout: id } = await compose("exec", "-T", "balancer", "node", "-p", "process.getuid()");
    expect(Number(id)).toBeGreaterThan(0);
    const write = ["exec", "-T", "balancer", "node", "-e", "require('fs').writeFileSync('/app/x', '')"];
    await expect(compose(...write)).rejects.toThrow(/EROFS|EACCES/);
  });

  test("takes a policy of one's own that is mounted", async () => {
    const file = join(folder, "own.yml");
    await writeFile(file, `services: { balancer: { volumes: ["${join(root, "examples")}:/modules:ro"] } }`);
    env = { ...env, LBCTL_POLICY: "/modules/canary.js:percent=20" };
    await compose("--file", file, "up", "--detach", "--wait", "balancer");
    const policy = await withModules(join(root, "examples/canary.js:percent=20"), parsePolicy);
    const members = [1, 2, 3].map((i) => ({ name: `server-${i}`, weight: 1 }));
    const placement = createPlacement(policy, hashes.xxh64, members);
    for (const client of Array.from({ length: 30 }, (_, i) => `10.9.8.${i}`)) {
      const reply = await fetch(`http://127.0.0.1:${port}/api`, { headers: { "x-forwarded-for": client } });
      expect(reply.headers.get("x-served-by")).toBe(members[placement.select(client)]?.name);
    }
  }, 60_000);

  test("publishes on loopback only, 5000 to 5003, and gives no service any privilege", async () => {
    const { stdout } = await execa(
      "docker",
      ["compose", "--file", "docker-compose.yml", "config", "--format", "json"],
      { cwd: root },
    );
    const { services } = JSON.parse(stdout) as { services: Record<string, Service> };
    expect(
      Object.values(services).flatMap(({ ports }) => ports.map((one) => `${one.host_ip}:${one.published}`)),
    ).toEqual(["127.0.0.1:5000", "127.0.0.1:5001", "127.0.0.1:5002", "127.0.0.1:5003"]);
    for (const service of Object.values(services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        restart: "unless-stopped",
      });
      expect(service.privileged ?? false).toBe(false);
      expect(service.volumes ?? []).toEqual([]);
    }
  });
});
