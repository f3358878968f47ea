// npm packages for consistent hashing, as they come: the three most used that are kept apart from a larger one.
import ConsistentHash from "consistent-hash";
import HashRing from "hashring";
import SkeletonRendezvous from "skeleton-rendezvous";

const names = (servers) => Array.from({ length: servers }, (_, i) => `10.0.${i >> 8}.${i & 255}:80`);

/** For a number of servers, what finds a key's. */
export const packages = {
  hashring(servers) {
    const ring = new HashRing(names(servers));
    return (key) => ring.get(key);
  },
  "consistent-hash"(servers) {
    const ring = new ConsistentHash();
    for (const name of names(servers)) ring.add(name);
    // It sorts its points when it is asked first.
    ring.get("");
    return (key) => ring.get(key);
  },
  "skeleton-rendezvous"(servers) {
    const hasher = new SkeletonRendezvous({ sites: names(servers) });
    return (key) => hasher.findSite(key);
  },
};
