// What a request costs the balancer's process tree, on a core of its own, with everything on.
import { count } from "../../../dist/src/format.js";
import { median } from "../measure.js";
import { file } from "./children.js";
import { byTurns, nginxRuns, ratio, spread, total, withCost, withTargets } from "./rounds.js";
import { failures, figure, peers, ratioCells, ratioHeads, shown, where } from "./shown.js";
import { haproxy, lbctl, nginx } from "./targets.js";

const cpuUs = (run) => run.cpuUs;

const measured = (kinds, quick, fresh) =>
  withTargets(kinds, { count: quick ? 5_000 : 10_000, fresh }, async (targets) => {
    const rounds = quick ? 1 : 5;
    const runs = await byTurns(targets, rounds, (target) => withCost(target, { seconds: 1, fresh }));
    const base = nginxRuns(targets, runs);
    const rows = targets.map(({ name }, at) => ({
      name,
      cpuUs: spread(runs[at].map(cpuUs)),
      perNginx: base && ratio(runs[at], base, cpuUs),
      perSecond: median(runs[at].map((run) => run.perSecond)),
      p99Ms: median(runs[at].map((run) => run.p99Ms)),
      failed: total(runs[at], (run) => run.failed),
    }));
    return { rounds, rows };
  });

function text(head, { rounds, rows }, remarks) {
  const heads = [head, "CPU µs", ...ratioHeads("nginx", rounds), "Req/s", "p99 ms"];
  const cells = (row) => [
    row.name,
    figure(row.cpuUs.median),
    ...ratioCells(row.perNginx),
    count(row.perSecond),
    figure(row.p99Ms),
  ];
  return shown(heads, rows.map(cells), [...remarks, where(), peers(), ...failures(rows)]);
}

const one = lbctl("1 worker");
const two = lbctl("2 workers", "--workers", "2");

const keptAlive = () => [
  nginx(),
  haproxy(),
  one,
  two,
  lbctl("--pipeline 8", "--pipeline", "8"),
  lbctl("--access-log", "--access-log", file("access.log")),
];

/** Requests on 64 connections that last. */
export const cost = {
  measure: (quick) => measured(keptAlive(), quick, false),
  text: (result) =>
    text("A request", result, [
      ["Wanted", "with one worker at most 1.2 times nginx's CPU; with --pipeline 8 as much as nginx."],
    ]),
};

/** Requests each of which has a connection of its own. */
export const connections = {
  measure: (quick) => measured([nginx(), haproxy(), one, two], quick, true),
  text: (result) =>
    text("A request and its connection", result, [
      ["Wanted", "with one worker at most 1.6 times nginx's CPU, with two twice."],
    ]),
};
