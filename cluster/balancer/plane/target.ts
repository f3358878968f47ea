/** Where a request wants to go: the target for the server, and the authority that an absolute-form target names. */
export interface Target {
  readonly path: string;
  readonly authority: string | null;
}

/**
 * Reads a request target in origin-form or absolute-form (RFC 9112, 3.2); null for any other. The bytes stay as they
 * are: nothing is decoded or normalized.
 */
export function parseTarget(target: string): Target | null {
  if (target.startsWith("/")) return { path: target, authority: null };
  const match = /^https?:\/\/([^/?#@]+)([/?][^#]*)?$/i.exec(target);
  if (match?.[1] === undefined) return null;
  const rest = match[2] ?? "/";
  return { path: rest.startsWith("/") ? rest : `/${rest}`, authority: match[1] };
}

/** `/api[/rest][?query]` is `/data[/rest][?query]` at the servers; `/apifoo` and any other path is as it is. */
export function serverPath(path: string): string {
  if (!path.startsWith("/api")) return path;
  const next = path[4];
  return next === undefined || next === "/" || next === "?" ? `/data${path.slice(4)}` : path;
}

/** Whether the balancer answers the path itself. */
export const isHealthPath = (path: string): boolean => path === "/health" || path.startsWith("/health?");
