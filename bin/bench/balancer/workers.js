// What a second worker brings on two cores that the servers and the load share.
import { count } from "../../../dist/src/format.js";
import { median } from "../measure.js";
import { together } from "./machine.js";
import { byTurns, ratio, spread, total, withCost, withTargets } from "./rounds.js";
import { failures, figure, peers, ratioCells, ratioHeads, shown } from "./shown.js";
import { lbctl, nginx } from "./targets.js";

/** Each kind with one worker and then with two. */
const kinds = [nginx(1), nginx(2), lbctl("1 worker"), lbctl("2 workers", "--workers", "2")];

function rowsOf(targets, runs) {
  return targets.map(({ name }, at) => {
    const perOne = (of) => (at % 2 === 0 ? null : ratio(runs[at], runs[at - 1], of));
    return {
      name,
      cpuUs: spread(runs[at].map((run) => run.cpuUs)),
      cpuPerOne: perOne((run) => run.cpuUs),
      perSecond: median(runs[at].map((run) => run.perSecond)),
      perSecondPerOne: perOne((run) => run.perSecond),
      failed: total(runs[at], (run) => run.failed),
    };
  });
}

const measure = (quick) =>
  withTargets(
    kinds,
    { count: quick ? 5_000 : 20_000 },
    async (targets) => {
      const rounds = quick ? 1 : 5;
      const runs = await byTurns(targets, rounds, (target) => withCost(target, { seconds: 1 }, together));
      return { rounds, rows: rowsOf(targets, runs) };
    },
    together,
  );

function text({ rounds, rows }) {
  const heads = ["On all cores", "CPU µs", ...ratioHeads("one", rounds), "Req/s", ...ratioHeads("one", rounds)];
  const cells = (row) => [
    row.name,
    figure(row.cpuUs.median),
    ...ratioCells(row.cpuPerOne),
    count(row.perSecond),
    ...ratioCells(row.perSecondPerOne),
  ];
  return shown(heads, rows.map(cells), [
    ["Wanted", "CPU of a request not growing with the second worker."],
    ["Where", "The balancer, its three servers and the load share the cores as they come."],
    peers(),
    ...failures(rows),
  ]);
}

export const workers = { measure, text };
