import { describe, expect, test } from "vitest";
import { RetryBudget } from "../../cluster/balancer/proxy/exchange/retry-budget.ts";
import { ask, control, deadPort, json, member, startFor, startRaw } from "./harness.ts";

describe("30: the retry budget", () => {
  const spend = (budget: RetryBudget, now: number): number => {
    let spent = 0;
    while (budget.take(now)) spent += 1;
    return spent;
  };

  test("is ten a second for those who ask little, and a fifth of what is asked beyond", () => {
    const budget = new RetryBudget({ retryPercent: 20, retryFloor: 10 });
    expect(spend(budget, 0)).toBe(100);
    for (let count = 0; count < 1_000; count += 1) budget.request(1);
    expect(spend(budget, 1)).toBe(200);
    expect(spend(budget, 4_999)).toBe(0);
  });

  test("is what it is set to", () => {
    const budget = new RetryBudget({ retryPercent: 50, retryFloor: 0 });
    expect(spend(budget, 0)).toBe(0);
    for (let count = 0; count < 10; count += 1) budget.request(1);
    expect(spend(budget, 1)).toBe(5);
  });

  test("is there again after ten seconds", () => {
    const budget = new RetryBudget({ retryPercent: 20, retryFloor: 10 });
    spend(budget, 0);
    expect(spend(budget, 5_000)).toBe(0);
    expect(spend(budget, 10_000)).toBe(100);
    expect(spend(budget, 60_000)).toBe(100);
  });

  test("counts connections that were refused, too", async () => {
    const settings = { retryPercent: 0, retryFloor: 0 };
    const balancer = await startFor([member("a", deadPort()), member("b", deadPort())], settings);
    const reply = await ask(balancer.port, { method: "POST", body: "x" });
    expect([reply.status, json(reply).error.reason]).toEqual([503, "retry-budget"]);
    const { servers } = json(await control(balancer, "GET", "/v1/servers"));
    const counts = servers.map(({ requests, retries, retryOverflow }: Record<string, number>) => [
      requests,
      retries,
      retryOverflow,
    ]);
    expect(counts.toSorted()).toEqual([
      [0, 0, 0],
      [1, 0, 1],
    ]);
  });

  test("ends in a 503 that says so", async () => {
    const rude = () => startRaw((socket) => socket.on("data", () => socket.destroy()));
    const balancer = await startFor([member("a", await rude()), member("b", await rude())]);
    const replies = await Promise.all(Array.from({ length: 200 }, () => ask(balancer.port)));
    const reasons = replies.map((reply) => json(reply).error.reason);
    expect(new Set(reasons)).toEqual(new Set(["server-failed", "retry-budget"]));
    expect(reasons.filter((reason) => reason === "server-failed").length).toBeLessThanOrEqual(140);
    expect(replies.find((_, at) => reasons[at] === "retry-budget")?.status).toBe(503);
  });
});
