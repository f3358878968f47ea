import { UserError } from "../../errors.ts";
import { composeDocument, composeProject } from "../compose-file.ts";
import { docker, dockerLines } from "../docker.ts";
import type { Driver, Experiment, Instance, LogOptions } from "../driver.ts";
import { assertPortFree } from "../ports.ts";
import { controlPort, type FleetSpec } from "../spec.ts";
import { type FleetFolder, readToken, writeState } from "../state.ts";

/** Runs a fleet as containers of one Compose project; Docker itself knows which there are. */
export function composeDriver(folder: FleetFolder): Driver {
  const project = composeProject(folder);
  const compose = ["compose", "--project-name", project];
  const up = [...compose, "--file", folder.compose, "up", "--detach", "--remove-orphans", "--no-build", "--quiet-pull"];

  async function observe(): Promise<Instance[]> {
    // `docker ps` with a format of our own: the JSON of `docker compose ps` has changed its shape before.
    const format = '{{.ID}}\t{{.Label "com.docker.compose.service"}}\t{{.State}}';
    const label = `label=com.docker.compose.project=${project}`;
    const rows = (await docker(["ps", "--all", "--no-trunc", "--filter", label, "--format", format])).split("\n");
    return rows.flatMap((row) => {
      const [id, name, state] = row.split("\t");
      return id && name ? [{ name, running: state === "running", id: id.slice(0, 12) }] : [];
    });
  }

  async function converge(spec: FleetSpec): Promise<string[]> {
    const before = (await observe()).filter((one) => one.running);
    const there = new Map(before.map((one) => [one.name, one.id]));
    const ports = [
      ...(there.get("balancer") ? [] : [[spec.bind, spec.port] as const, ["127.0.0.1", controlPort(spec)] as const]),
      ...spec.servers.filter((server) => !there.get(server.name)).map((server) => [spec.bind, server.port] as const),
    ];
    for (const [host, port] of ports) await assertPortFree(host, port);
    await writeState(folder.compose, composeDocument(folder, spec, await readToken(folder)));
    await docker(up);
    return (await observe()).filter((one) => there.get(one.name) !== one.id).map((one) => one.name);
  }

  async function remove(): Promise<void> {
    await docker([...compose, "down", "--volumes", "--remove-orphans", "--timeout", "5"]);
  }

  async function experiment(name: string, what: Experiment): Promise<void> {
    const found = (await observe()).find((one) => one.name === name);
    // A signal, not `docker pause`: Compose refuses to change a project that has a paused container.
    if (found) await docker(["kill", "--signal", { kill: "KILL", pause: "STOP", resume: "CONT" }[what], found.id]);
  }

  async function logs(name: string | undefined, { lines, follow, signal, write }: LogOptions): Promise<void> {
    const known = (await observe()).map((one) => one.name).sort();
    if (name !== undefined && !known.includes(name))
      throw new UserError(`There is no log of ${name}; there are ${known.join(", ") || "none"}.`);
    const args = [...compose, "logs", "--no-color", "--tail", String(lines)];
    if (name !== undefined) args.push("--no-log-prefix");
    if (follow) args.push("--follow");
    if (name !== undefined) args.push(name);
    for await (const line of dockerLines(args, signal)) write(line);
  }

  return {
    observe,
    converge,
    remove,
    experiment,
    logs,
    upstream: (_, server) => `${server.name}:${server.port}`,
    plan: (spec) => [`docker ${up.join(" ")}`, JSON.stringify(composeDocument(folder, spec, "…"), null, 2)],
  };
}
