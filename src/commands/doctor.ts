import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import type { Context } from "../context.ts";
import { type ExitCode as Code, codeOf, ExitCode } from "../errors.ts";
import { dockerVersion, findEngine } from "../fleet/docker.ts";
import { DEFAULT_BASE, imageExists } from "../fleet/images.ts";
import { assertPortFree } from "../fleet/ports.ts";
import { listFleets, stateHome } from "../fleet/state.ts";
import { notes } from "../report/tables/table.ts";

/** One thing that lbctl needs, or could use. */
interface Finding {
  readonly what: string;
  readonly state: "ok" | "missing" | "broken";
  readonly found: string;
  /** How to get it; empty when it is there. */
  readonly advice: string;
}

const marks = { ok: "✔", missing: "–", broken: "✘" } as const;

/** Shows what is here, what is missing and how to get it; fails only when something essential is broken. */
export async function run({ terminal }: Context): Promise<Code | undefined> {
  const findings = [node(), await charts(), await state(), await ports(), ...(await engine())];
  const essential = findings.every((finding) => finding.state !== "broken");
  terminal.result({ schemaVersion: 1, ok: essential, findings }, () =>
    notes(
      findings.map(({ what, state, found, advice }) => [
        `${marks[state]} ${what}`,
        advice === "" ? found : `${found}. To get it: ${advice}.`,
      ]),
      terminal,
    ),
  );
  return essential ? undefined : ExitCode.environment;
}

const node = (): Finding => ({ what: "Node.js", state: "ok", found: process.version, advice: "" });

async function charts(): Promise<Finding> {
  try {
    const { renderPng } = await import("../report/charts/renderer.ts");
    renderPng(
      { type: "bar", data: { labels: ["a"], datasets: [{ data: [1] }] } },
      { width: 40, height: 40, pixelRatio: 1 },
    );
    return { what: "charts", state: "ok", found: "can be drawn", advice: "" };
  } catch (error) {
    const found = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return { what: "charts", state: "broken", found, advice: "install lbctl again with its optional packages" };
  }
}

async function state(): Promise<Finding> {
  const home = stateHome();
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await access(home, constants.W_OK);
    const fleets = await listFleets();
    return { what: "state folder", state: "ok", found: `${home}, fleets: ${fleets.join(", ") || "none"}`, advice: "" };
  } catch (error) {
    const found = `${home} can't be written (${codeOf(error)})`;
    return { what: "state folder", state: "broken", found, advice: "set LBCTL_HOME to a folder that can" };
  }
}

async function ports(): Promise<Finding> {
  const what = "ports 4999–5003";
  try {
    for (let port = 4999; port <= 5003; port++) await assertPortFree("127.0.0.1", port);
    return { what, state: "ok", found: "free", advice: "" };
  } catch (error) {
    const found = error instanceof Error ? (error.message.split(":")[0] ?? "") : String(error);
    return { what, state: "missing", found, advice: "`lbctl up --port 6000`, unless a fleet of yours holds it" };
  }
}

async function engine(): Promise<Finding[]> {
  const found = await findEngine();
  if (!found.ok) {
    const advice = "install Docker Engine with Compose v2 and start it; --driver process does without";
    return [{ what: "Docker", state: "missing", found: found.missing, advice }];
  }
  const buildx = await dockerVersion("buildx");
  const base = await imageExists(DEFAULT_BASE);
  return [
    { what: "Docker Engine", state: "ok", found: found.engine, advice: "" },
    { what: "Compose", state: "ok", found: found.compose, advice: "" },
    buildx
      ? { what: "Buildx", state: "ok", found: buildx, advice: "" }
      : {
          what: "Buildx",
          state: "missing",
          found: "no",
          advice: "install Docker's buildx plugin: images are built with it",
        },
    base
      ? { what: "base image", state: "ok", found: DEFAULT_BASE, advice: "" }
      : {
          what: "base image",
          state: "missing",
          found: `no ${DEFAULT_BASE}`,
          advice: "it is pulled when needed; `lbctl build --base local` does without",
        },
  ];
}
