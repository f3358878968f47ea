// How long requests take at one and the same rate, alone and beside clients that take their time.
import { count } from "../../../dist/src/format.js";
import { median } from "../measure.js";
import { byTurns, nginxRuns, openLoop, ratio, spread, total, withSlowClients, withTargets } from "./rounds.js";
import { failures, figure, peers, ratioCells, ratioHeads, shown, where } from "./shown.js";
import { haproxy, lbctl, nginx } from "./targets.js";

/** The rate, of what the slowest can do: the core of the load and the servers must have room for slow clients, too. */
const SHARE = 0.3;
const SLOW_CLIENTS = 1_000;
/** Heads that trickle are cut after this long, and so are as many at any time of a round: lbctl's default, as HAProxy's. */
const HEAD_TIMEOUT_MS = 10_000;

const p99Ms = (run) => run.p99Ms;
const failed = (run) => run.failed;

/** Runs `measure` with each kind by turns, at a rate that all of them can bear. */
const atOneRate = (kinds, quick, { rounds, ...load }, measure) =>
  withTargets(kinds, { count: quick ? 10_000 : 50_000 }, async (targets, slowest) => {
    const rate = Math.floor(slowest * SHARE);
    const runs = await byTurns(targets, rounds, (target) => measure(target, { ...load, rate }));
    return { rate, rounds, targets, runs };
  });

const kinds = [nginx(), haproxy(), lbctl("1 worker"), lbctl("2 workers", "--workers", "2")];

async function measureLatency(quick) {
  const { rate, rounds, targets, runs } = await atOneRate(
    kinds,
    quick,
    quick ? { rounds: 1, seconds: 1 } : { rounds: 5, seconds: 2.5 },
    openLoop,
  );
  const base = nginxRuns(targets, runs);
  const rows = targets.map(({ name }, at) => ({
    name,
    p99Ms: spread(runs[at].map(p99Ms)),
    perNginx: base && ratio(runs[at], base, p99Ms),
    perSecond: median(runs[at].map((run) => run.perSecond)),
    failed: total(runs[at], failed),
  }));
  return { rate, rounds, rows };
}

const counted = ["Counted", "from when each request was due, however late it could be sent."];

function latencyText({ rate, rounds, rows }) {
  const heads = [`At ${count(rate)} req/s`, "p99 ms", ...ratioHeads("nginx", rounds), "Req/s"];
  const cells = (row) => [row.name, figure(row.p99Ms.median), ...ratioCells(row.perNginx), count(row.perSecond)];
  return shown(heads, rows.map(cells), [
    ["Wanted", "a p99 beside nginx's."],
    counted,
    where(),
    peers(),
    ...failures(rows),
  ]);
}

/** At one rate for all. */
export const latency = { measure: measureLatency, text: latencyText };

const slowKinds = [
  nginx(1, `client_header_timeout ${HEAD_TIMEOUT_MS}ms;`),
  lbctl("1 worker", "--head-timeout", String(HEAD_TIMEOUT_MS)),
];

async function bothWays(target, load) {
  const alone = await openLoop(target, load);
  const slowClients = { count: SLOW_CLIENTS, comeMs: load.comeMs };
  const beside = await withSlowClients(target, slowClients, () => openLoop(target, load));
  return { alone, beside };
}

async function measureSlow(quick) {
  const { rate, rounds, targets, runs } = await atOneRate(
    slowKinds,
    quick,
    quick ? { rounds: 1, seconds: 1, comeMs: 1_000 } : { rounds: 3, seconds: 5, comeMs: HEAD_TIMEOUT_MS },
    bothWays,
  );
  const rows = targets.map(({ name }, at) => ({
    name,
    aloneP99Ms: spread(runs[at].map(({ alone }) => alone.p99Ms)),
    besideP99Ms: spread(runs[at].map(({ beside }) => beside.p99Ms)),
    perAlone: spread(runs[at].map(({ alone, beside }) => beside.p99Ms / alone.p99Ms)),
    failed: total(runs[at], ({ alone, beside }) => alone.failed + beside.failed),
  }));
  return { rate, slowClients: SLOW_CLIENTS, rounds, rows };
}

function slowText({ rate, slowClients, rounds, rows }) {
  const heads = [
    `At ${count(rate)} req/s`,
    "p99 ms alone",
    `beside ${count(slowClients)} slow`,
    ...ratioHeads("alone", rounds),
  ];
  const cells = (row) => [
    row.name,
    figure(row.aloneP99Ms.median),
    figure(row.besideP99Ms.median),
    ...ratioCells(row.perAlone),
  ];
  return shown(heads, rows.map(cells), [
    ["Wanted", "slow clients move the p99 of the others by no more than a fifth (1.20)."],
    [
      "Slow",
      "400 trickle a head, cut after 10 s; 500 trickle a body; 100 read nothing of 16 MiB (of nginx as the server).",
    ],
    counted,
    where(),
    peers(),
    ...failures(rows),
  ]);
}

/** At one rate, without slow clients and beside them by turns. */
export const slow = { measure: measureSlow, text: slowText };
