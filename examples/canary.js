// A policy of one's own: some percent of the keys go to the servers whose names begin with "canary", all others to the
// rest; within either group by the highest random weight, so that keys move only where they must. While one group is
// down, the other takes its keys.
//   lbctl up --policy ./examples/canary.js:percent=10 && lbctl add canary && lbctl send

export const summary = "some percent of the keys go to the canaries";

/** @type {import("lbctl").Options} */
export const options = { percent: { default: 5, max: 100, help: "the percentage of keys for the canaries" } };

/** @type {import("lbctl").Build} */
export function build(servers, hash, { percent = 0 }) {
  const canaries = servers.filter(({ name }) => name.startsWith("canary"));
  const others = servers.filter((server) => !canaries.includes(server));
  const share = (percent / 100) * 2 ** hash.bits;

  /** @type {(key: string, group: typeof canaries) => typeof canaries} */
  function ranked(key, group) {
    const scores = new Map(group.map((server) => [server, hash(`${key} ${server.name}`)]));
    return group.toSorted((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
  }

  return (key) => {
    const [first, second] = hash(key) < share ? [canaries, others] : [others, canaries];
    return [...ranked(key, first), ...ranked(key, second)];
  };
}
