// How balancers are measured: by turns, so that what drifts on the machine drifts for all, and as ratios in one round.
import { setTimeout } from "node:timers/promises";
import { median, progress } from "../measure.js";
import { end, file, launch, outputOf } from "./children.js";
import { apart, programs } from "./machine.js";
import { startServers, startTargets } from "./targets.js";
import { cpuMicroseconds } from "./usage.js";

const CONNECTIONS = 64;
/** How long it takes until the connections of clients that were ended are closed. */
const CLOSE_MS = 500;

/** Different targets in an order that repeats late, as our own generator has them. */
const script = `local c = 0
request = function() c = c + 1; return wrk.format("GET", "/data/k" .. (c * 7919 % 100003)) end
`;

const inMs = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** What wrk says that we want to know. */
function read(said) {
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s|m)/.exec(said);
  const [, ...broken] = /errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(said) ?? [];
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(said)?.[1] ?? "0";
  return {
    requests: Number(/(\d+) requests in/.exec(said)[1]),
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(said)[1]),
    p99Ms: Number(p99) * inMs[unit],
    failed: [...broken, refused].reduce((sum, count) => sum + Number(count), 0),
  };
}

/** What our own generator, `load.js`, is told to send. */
export const generated = ({ port }, load, place = apart) =>
  launch("./load.js", { port, connections: CONNECTIONS, ...load }, place.others).reported;

/** As many requests as the target can answer in whole seconds: by wrk, or by our own generator where there is none. */
async function closedLoop(target, { seconds, fresh }, place) {
  if (programs.wrk === null) return generated(target, { seconds, fresh }, place);
  const flags = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", "-s", file("keys.lua", script)];
  if (fresh) flags.push("-H", "Connection: close");
  const url = `http://127.0.0.1:${target.port}/`;
  return read(await outputOf([programs.wrk.path, ...flags, url], { core: place.others }));
}

/** As `closedLoop`, and the processor time of the target's process tree for each request. */
export async function withCost(target, load, place = apart) {
  const before = cpuMicroseconds(target.child.pid);
  const result = await closedLoop(target, load, place);
  return { ...result, cpuUs: (cpuMicroseconds(target.child.pid) - before) / result.requests };
}

/** Requests at a fixed rate; latencies count from when each was due. */
export const openLoop = (target, { seconds, rate }) => generated(target, { seconds, rate });

/**
 * Starts balancers and their servers, lets each answer what `load` says, and calls `measure` with them and the requests
 * a second that the slowest answered.
 */
export async function withTargets(kinds, load, measure, place = apart) {
  const servers = await startServers(place);
  const targets = await startTargets(kinds, servers.ports, place);
  const warm = [];
  for (const target of targets) {
    progress(`warming up ${target.name} …`);
    warm.push((await generated(target, load, place)).perSecond);
  }
  const result = await measure(targets, Math.min(...warm));
  for (const { child } of targets) end(child);
  servers.end();
  return result;
}

/** Each target by turns, in so many rounds; the runs of each. */
export async function byTurns(targets, rounds, measure) {
  const runs = targets.map(() => []);
  for (let round = 1; round <= rounds; round++)
    for (const [at, target] of targets.entries()) {
      progress(`round ${round} of ${rounds}: ${target.name} …`);
      runs[at].push(await measure(target));
    }
  progress("");
  return runs;
}

export const spread = (values) => ({ median: median(values), min: Math.min(...values), max: Math.max(...values) });

/** What each run has of a figure, divided by what the other run of its round has. */
export const ratio = (runs, others, figure) => spread(runs.map((run, at) => figure(run) / figure(others[at])));

/** The runs of nginx, which is the first where it is installed. */
export const nginxRuns = (targets, runs) => (targets[0].name.startsWith("nginx") ? runs[0] : null);

/** What all rounds have of a figure, together. */
export const total = (runs, figure) => runs.reduce((sum, run) => sum + figure(run), 0);

/** Calls `measure` while so many slow clients are connected. */
export async function withSlowClients({ port }, { count, comeMs }, measure) {
  const { child, reported } = launch("./slow-clients.js", { port, count, comeMs }, apart.others);
  await reported;
  const result = await measure();
  end(child);
  await setTimeout(CLOSE_MS);
  return result;
}
