// Part "placement": what finding a key's server costs, by policy and number of servers, and what building costs.

import { count } from "../../dist/src/format.js";
import { hashes, policies } from "../../dist/src/placement/index.js";
import { notes, table } from "../../dist/src/report/tables/table.js";
import { measured, progress } from "./measure.js";
import { packages } from "./packages.js";

/** Options that make room for 10,000 servers, and one policy with an option that costs. */
const specs = Object.keys(policies)
  .map((name) => ({ anchor: "anchor:capacity=16384", classroom: "classroom:slots=131072" })[name] ?? name)
  .toSpliced(1, 0, "ring:bounded=125");

async function eachOf(kind, names, counts, effort) {
  const results = [];
  for (const name of names) {
    progress(`measuring ${name} …`);
    results.push({ name, at: await measured("./subject.js", { kind, name, counts, effort }) });
  }
  progress("");
  return results;
}

async function measure(quick) {
  const counts = quick ? [10, 1000] : [10, 100, 1000, 10_000];
  const effort = quick ? { rounds: 5, ms: 10 } : { rounds: 5, ms: 20 };
  return {
    hashes: await eachOf("hash", Object.keys(hashes), [16, 64, 256], effort),
    policies: await eachOf("policy", specs, counts, effort),
    packages: await eachOf("package", Object.keys(packages), counts, effort),
  };
}

const look = { color: false, width: 100 };
const figure = (value) => (value === null || value === undefined ? "–" : value < 10 ? value.toFixed(1) : count(value));
/** What the engine keeps for itself changes by some tenths in between. */
function mebibytes(bytes) {
  if (bytes === undefined) return "–";
  return bytes < 2 ** 19 ? "<0.5" : figure(bytes / 2 ** 20);
}
const right = (heads) => heads.map((head) => ({ head, align: /** @type {const} */ ("right") }));

function hashTable(results) {
  const heads = results[0].at.map(({ length }) => `${length} bytes`);
  const rows = results.map(({ name, at }) => [name, ...at.map(({ keyNs }) => figure(keyNs))]);
  return table([{ head: "Hash, ns a key" }, ...right(heads)], rows, look);
}

/** Rows of policies, then of npm packages, each with a cell for each number of servers. */
function rowsOf({ policies, packages }, cells) {
  const row = ({ name, at }) => [name, ...cells(at)];
  return [...policies.map(row), { heading: "npm packages" }, ...packages.map(row)];
}

function keyTable(results) {
  const counts = results.policies[0].at.map(({ servers }) => servers);
  const heads = [...counts.map(count), "After the hash, 1,000"];
  const hash = results.hashes.find(({ name }) => name === "xxh64").at[0].keyNs;
  const alone = ["xxh64 alone", ...counts.map(() => figure(hash)), ""];
  const cells = (at) => [
    ...at.map(({ keyNs }) => figure(keyNs)),
    figure(at.find(({ servers }) => servers === 1000).choiceNs),
  ];
  return table([{ head: "ns a key, of N servers" }, ...right(heads)], [alone, ...rowsOf(results, cells)], look);
}

function buildTable(results) {
  const counts = results.policies[0].at.map(({ servers }) => servers);
  const heads = [
    ...counts.map((n) => `${count(n)}, ms`),
    "1,000, MiB",
    ...(counts.includes(10_000) ? ["10,000, MiB"] : []),
  ];
  const cells = (at) => [
    ...at.map(({ buildMs }) => figure(buildMs)),
    ...at.filter(({ servers }) => servers >= 1000).map(({ bytes }) => mebibytes(bytes)),
  ];
  return table([{ head: "To build, and to keep" }, ...right(heads)], rowsOf(results, cells), look);
}

function summary({ hashes, policies, packages }) {
  const ring = policies.find(({ name }) => name === "ring").at.find(({ servers }) => servers === 1000);
  const hash = hashes.find(({ name }) => name === "xxh64").at[0].keyNs;
  const errors = packages.flatMap(({ name, at }) =>
    at.flatMap(({ servers, error }) => (error ? `${name} has no room for ${count(servers)} servers` : [])),
  );
  return notes(
    [
      [
        "Choice",
        `ring takes ${figure(ring.choiceNs)} ns among 1,000 servers once the key is hashed; wanted: less than the ${figure(hash)} ns of the hash.`,
      ],
      [
        "Build",
        `a ring of 1,000 servers and 160,000 points takes ${figure(ring.buildMs)} ms; wanted: well under 200 ms.`,
      ],
      [
        "Keys",
        "65,536 keys of 16 bytes in turn, in processor time. A policy's figure includes hashing the key; one without a figure after the hash uses no hash, or more than one number of it.",
      ],
      [
        "Growth",
        "rendezvous, least-connections and bounded loads look at every server for every key: that is what they are, and why their time grows.",
      ],
      [
        "Packages",
        `as they come: hashring with its cache of 5,000 keys, which 65,536 keys in turn never hit; consistent-hash with 40 points a server, at random places, which another process does not share${errors.length > 0 ? `; ${errors.join("; ")}` : ""}.`,
      ],
    ],
    look,
  );
}

const text = (results) =>
  [hashTable(results.hashes), keyTable(results), buildTable(results), summary(results)].join("\n\n");

export const placement = { measure, text };
