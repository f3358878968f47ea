/** What the balancer answers itself. */
import type { Routing } from "../routing.ts";
import { stateOf } from "../upstream.ts";
import { jsonAnswer } from "./refusal.ts";

/** `/api[/rest][?query]` is `/data[/rest][?query]` at the servers; `/apifoo` and any other path is as it is. */
export function serverPath(path: string): string {
  if (!path.startsWith("/api")) return path;
  const next = path[4];
  return next === undefined || next === "/" || next === "?" ? `/data${path.slice(4)}` : path;
}

/** Whether the balancer answers the path itself. */
export const isHealthPath = (path: string): boolean => path === "/health" || path.startsWith("/health?");

/** The balancer's own health: 200, or 503 when there is no server to give a request to. */
export function healthAnswer({ view }: Routing, isHead: boolean, lines: string): string {
  const servers = view.upstreams.map((upstream) => ({ name: upstream.name, state: stateOf(upstream) }));
  const healthy = servers.some(({ state }) => state === "up");
  const body = JSON.stringify({ status: healthy ? "ok" : "no server available", servers });
  const answer = jsonAnswer(healthy ? 200 : 503, body, lines);
  return isHead ? answer.slice(0, answer.length - body.length) : answer;
}
