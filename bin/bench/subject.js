// One policy, npm package or hash function, measured: runs in a process of its own.
import { createPlacement, hashes, parsePolicy } from "../../dist/src/placement/index.js";
import { hashText } from "../../dist/src/placement/key.js";
import { built, given, keys, nanoseconds, report } from "./measure.js";
import { packages } from "./packages.js";

const { kind, name, counts, effort } = given();
const servers = (n) => Array.from({ length: n }, (_, i) => ({ name: `server-${i + 1}`, weight: 1 }));
const idle = () => 0;

async function policyOf(n) {
  const { made, ms, bytes } = await built(() => createPlacement(parsePolicy(name), hashes.xxh64, servers(n)), effort);
  const { byHash } = made;
  const hashed = byHash && Float64Array.from(keys, (key) => hashText(byHash.hash, key));
  return {
    servers: n,
    buildMs: ms,
    bytes,
    keyNs: nanoseconds((key) => made.select(key, undefined, idle), keys, effort),
    choiceNs: byHash ? nanoseconds((number) => byHash.member(number), hashed, effort) : null,
  };
}

async function packageOf(n) {
  try {
    const { made, ms, bytes } = await built(() => packages[name](n), effort);
    return {
      servers: n,
      buildMs: ms,
      bytes,
      keyNs: nanoseconds((key) => made(key).length, keys, effort),
      choiceNs: null,
    };
  } catch (error) {
    return { servers: n, error: error.message };
  }
}

const hashOf = (length) => {
  const texts = keys.map((key) => key.padEnd(length, key));
  return { length, keyNs: nanoseconds((text) => hashText(hashes[name], text), texts, effort) };
};

const measure = { policy: policyOf, package: packageOf, hash: hashOf }[kind];
const results = [];
for (const n of counts) results.push(await measure(n));
report(results);
