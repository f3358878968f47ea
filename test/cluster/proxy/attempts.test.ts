import { describe, expect, test } from "vitest";
import { type Host, newHost } from "../../../cluster/balancer/cluster/host.ts";
import type { FailureReason } from "../../../cluster/balancer/proxy/contract.ts";
import { Attempts, retryRules } from "../../../cluster/balancer/proxy/exchange/attempts.ts";
import type { ExchangeContext } from "../../../cluster/balancer/proxy/exchange/context.ts";
import { RetryBudget } from "../../../cluster/balancer/proxy/exchange/retry-budget.ts";

/** Attempts at servers `a`, `b` and `c`, chosen in this order, and all that the cluster is told of them. */
function given({ attempts = 3, retryFloor = 100, retryOn = [] as number[] } = {}) {
  const hosts = ["a", "b", "c"].map((name, at) => newHost({ name, weight: 1, address: `127.0.0.1:${at + 1}` }));
  const calls: string[] = [];
  const context = {
    settings: { attempts, retryOn },
    retryBudget: new RetryBudget({ retryPercent: 0, retryFloor }),
    cluster: {
      chooseHost: (_key: string, tried: readonly Host[]) => hosts.find((host) => !tried.includes(host)) ?? null,
      recordSuccess: ({ name }: Host) => calls.push(`${name} answered`),
      recordFailure: ({ name }: Host, code: string) => calls.push(`${name} failed: ${code}`),
      recordCheck: ({ name }: Host, code: string | null) => calls.push(`${name} unreachable: ${code}`),
    },
  } as unknown as ExchangeContext;
  return { attempts: new Attempts(context, "key", 0), hosts, calls, context };
}

const begun = (attempts: Attempts): string => {
  const host = attempts.begin();
  return typeof host === "string" ? `reply ${host}` : host.name;
};

/** What follows a failure of the first attempt. */
const failedWith = (reason: FailureReason, mayRepeat = true) => {
  const { attempts, hosts, calls } = given();
  attempts.begin();
  attempts.recordFailure({ reason, code: "E", wasSent: true });
  const next = attempts.next({ reason, code: "E", wasSent: true }, mayRepeat);
  return { next, calls, retries: hosts[0]?.counts.retries };
};

describe("a request's attempts", () => {
  test.each(["unreachable", "connect-timeout", "broken", "host-down"] as const)("go elsewhere: %s", (reason) => {
    expect(failedWith(reason)).toMatchObject({ next: "elsewhere", retries: 1 });
    expect(failedWith(reason, false)).toMatchObject({ next: retryRules[reason].reply, retries: 0 });
  });

  test.each(["stale", "blocked"] as const)("51: go on here, and nobody is blamed: %s", (reason) => {
    expect(failedWith(reason)).toEqual({ next: "here", calls: [], retries: 0 });
    // What may have been done must not be done twice.
    expect(failedWith(reason, false)).toEqual({ next: "server-failed", calls: [], retries: 0 });
  });

  test("51: go on here however often, and take nothing from budget and attempts", () => {
    const { attempts, context } = given({ attempts: 1, retryFloor: 0 });
    expect(begun(attempts)).toBe("a");
    for (let times = 0; times < 20; times += 1)
      expect(attempts.next({ reason: "stale", code: "EOF", wasSent: true }, true)).toBe("here");
    expect(attempts.count).toBe(1);
    expect(context.retryBudget.take(0)).toBe(false);
  });

  test.each(["overflow", "local", "response-timeout", "bad-response"] as const)("end with %s", (reason) => {
    expect(failedWith(reason)).toMatchObject({ next: retryRules[reason].reply, retries: 0 });
  });

  test("tell the cluster of what is the server's fault alone", () => {
    expect(failedWith("broken").calls).toEqual(["a failed: E"]);
    expect(failedWith("bad-response").calls).toEqual(["a failed: E"]);
    expect(failedWith("response-timeout").calls).toEqual(["a failed: E"]);
    expect(failedWith("unreachable").calls).toEqual(["a unreachable: E", "a failed: E"]);
    for (const reason of ["overflow", "local", "stale", "blocked", "host-down"] as const)
      expect(failedWith(reason).calls).toEqual([]);
  });

  test("29: are so many, each at another server, and two that may have carried the request", () => {
    const unreached = given();
    for (const name of ["a", "b", "c"]) {
      expect(begun(unreached.attempts)).toBe(name);
      const next = unreached.attempts.next({ reason: "unreachable", code: "E", wasSent: false }, true);
      expect(next).toBe(name === "c" ? "unreachable" : "elsewhere");
    }
    const broken = given();
    expect(begun(broken.attempts)).toBe("a");
    expect(broken.attempts.next({ reason: "broken", code: "E", wasSent: true }, true)).toBe("elsewhere");
    expect(begun(broken.attempts)).toBe("b");
    expect(broken.attempts.next({ reason: "broken", code: "E", wasSent: true }, true)).toBe("server-failed");
  });

  test("30: are not begun again beyond the budget, but for a host that went down", () => {
    const { attempts, hosts } = given({ retryFloor: 0 });
    attempts.begin();
    expect(attempts.next({ reason: "broken", code: "E", wasSent: true }, true)).toBe("retry-budget");
    expect(hosts[0]?.counts.retryOverflow).toBe(1);
    const down = given({ retryFloor: 0 });
    down.attempts.begin();
    expect(down.attempts.next({ reason: "host-down", code: "DOWN", wasSent: true }, true)).toBe("elsewhere");
  });

  test("go elsewhere for a status that is retried, while there is another server", () => {
    const { attempts } = given({ retryOn: [503] });
    attempts.begin();
    expect([attempts.isRetriedOn(500), attempts.isRetriedOn(503)]).toEqual([false, true]);
    attempts.abandon();
    expect(begun(attempts)).toBe("b");
  });

  test("leave no request in flight behind, and count each that was begun", () => {
    const { attempts, hosts, calls } = given();
    attempts.begin();
    attempts.next({ reason: "broken", code: "E", wasSent: true }, true);
    attempts.begin();
    expect(hosts.map(({ inFlight }) => inFlight)).toEqual([0, 1, 0]);
    attempts.succeed();
    expect(hosts.map(({ inFlight }) => inFlight)).toEqual([0, 0, 0]);
    expect(hosts.map(({ counts }) => counts.requests)).toEqual([1, 1, 0]);
    expect(calls).toEqual(["b answered"]);
  });
});
