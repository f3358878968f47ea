import { count, inNaturalOrder, plural, shortNames } from "../../format.ts";
import { type Look, notes, paint, table } from "./table.ts";

/** What `status --json` prints. */
export interface StatusResult {
  readonly schemaVersion: number;
  readonly fleet: string;
  readonly createdAt: string;
  readonly driver: string;
  /** The supervisor's pid; null when it has ended. */
  readonly supervisor: number | null;
  /** Instances that had ended and were started again. */
  readonly replaced: number;
  readonly policy: string;
  readonly hash: string;
  readonly key: string;
  readonly balancer: { readonly address: string; readonly answers: boolean; readonly id: string | null };
  readonly servers: readonly ServerStatus[];
}

/** A server; figures are null while the balancer does not respond. */
interface ServerStatus {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
  /** up, down, draining, ended (its process is gone) or unknown. */
  readonly state: string;
  readonly id: string | null;
  readonly requests: number | null;
  readonly inFlight: number | null;
  readonly failures: number | null;
}

const LONGEST_NAME = 24;

const columns = [
  { head: "server" },
  { head: "address" },
  { head: "state" },
  { head: "requests", align: "right" },
  { head: "in flight", align: "right" },
  { head: "failures", align: "right" },
  { head: "id", align: "right" },
] as const;

/** The fleet at a glance: its servers, and below them the balancer, the placement and who looks after it. */
export function statusTable(status: StatusResult, look: Look): string {
  const figure = (value: number | null) => (value === null ? "–" : count(value));
  const byName = new Map(status.servers.map((server) => [server.name, server]));
  const names = inNaturalOrder([...byName.keys()]);
  const shown = shortNames(names, LONGEST_NAME);
  const rows = names.flatMap((name, i) => {
    const server = byName.get(name);
    if (!server) return [];
    const figures = [server.requests, server.inFlight, server.failures].map(figure);
    return [[shown[i] ?? name, server.address, stateText(server.state, look), ...figures, server.id ?? "–"]];
  });
  return `${table(columns, rows, look)}\n${notes(facts(status), look)}`;
}

const stateText = (state: string, look: Look): string =>
  paint(look, state === "up" ? "green" : state === "draining" ? "yellow" : "red", state);

function facts(status: StatusResult): [string, string][] {
  const flag = status.fleet === "default" ? "" : ` --fleet ${status.fleet}`;
  const replaced = status.replaced > 0 ? `; ${plural(status.replaced, "instance")} replaced so far` : "";
  return [
    [
      "Balancer",
      `http://${status.balancer.address}, ${status.balancer.answers ? `id ${status.balancer.id}` : "does not respond"}`,
    ],
    ["Placement", `policy ${status.policy}, hash ${status.hash}, key ${status.key}`],
    ["Driver", status.driver],
    [
      "Supervisor",
      status.supervisor === null
        ? `has ended: nothing replaces what dies. \`lbctl up${flag}\` starts it again, \`lbctl down${flag}\` ends the fleet.`
        : `pid ${status.supervisor}${replaced}`,
    ],
  ];
}
