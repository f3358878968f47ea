import { workloadSentence } from "./analyze-table.ts";
import { count, inNaturalOrder, percent, signedPercent } from "./format.ts";
import type { Workload } from "./run.ts";
import { type Look, notes, table } from "./table.ts";

interface Shift {
  readonly before: number;
  readonly after: number;
  readonly gained: number;
  readonly lost: number;
}

/** What `compare --json` prints. */
export interface CompareResult {
  readonly schemaVersion: 1;
  readonly before: string;
  readonly after: string;
  readonly workload: Workload;
  readonly keys: number;
  readonly requests: number;
  readonly movedKeys: number;
  readonly movedRequests: number;
  /** The least share that must move so that each server has its share by weight. */
  readonly leastMoved: number;
  /** The busiest server's load over its fair share (by weight), before and after. */
  readonly peak: { readonly before: Peak; readonly after: Peak };
  readonly servers: readonly { readonly name: string; readonly keys: Shift; readonly requests: Shift }[];
  readonly hotKeys: readonly { readonly key: string; readonly requests: number }[];
}

export interface Peak {
  readonly keys: number;
  readonly requests: number;
  /** The server that has the most requests for its share. */
  readonly server: string;
}

const columns = [
  { head: "server" },
  { head: "before", align: "right" },
  { head: "gained", align: "right" },
  { head: "lost", align: "right" },
  { head: "after", align: "right" },
  { head: "change", align: "right" },
] as const;

/** Which server gains or loses what, and below it how much moves and what becomes of the peak. */
export function compareTable(result: CompareResult, look: Look): string {
  const byName = new Map(result.servers.map((server) => [server.name, server]));
  const rows = inNaturalOrder([...byName.keys()]).flatMap((name) => {
    const requests = byName.get(name)?.requests;
    return requests ? [row(name, requests)] : [];
  });
  return `${table(columns, rows, look)}\n\n${notes(conclusions(result), look)}`;
}

function row(name: string, { before, after, gained, lost }: Shift): string[] {
  const change = before === 0 ? "new" : after === 0 ? "gone" : signedPercent(after / before - 1);
  return [name, count(before), `+${count(gained)}`, `−${count(lost)}`, count(after), change];
}

function conclusions(result: CompareResult): [string, string][] {
  const { peak, hotKeys } = result;
  const least = `an even placement would have to move ${percent(result.leastMoved)}`;
  const lines: [string, string][] = [
    ...(result.workload.kind === "uniform" ? [] : [["Keys", workloadSentence(result.workload)] as [string, string]]),
    ["Moved", `${moves(result)}; ${least}`],
    ["Peak", `${peakText("before", peak.before, result)}; ${peakText("after", peak.after, result)}`],
  ];
  if (hotKeys.length > 0) lines.push(["Hot keys", hotText(result)]);
  return lines;
}

function moves({ workload, keys, requests, movedKeys, movedRequests }: CompareResult): string {
  const ofKeys = share(movedKeys, keys, "keys");
  return workload.kind === "uniform" ? ofKeys : `${ofKeys} and ${share(movedRequests, requests, "requests")}`;
}

const share = (part: number, all: number, what: string): string =>
  `${count(part)} of ${count(all)} ${what} (${percent(all === 0 ? 0 : part / all)})`;

function peakText(when: string, peak: Peak, { workload }: CompareResult): string {
  const byKeys = workload.kind === "uniform" ? "" : ` of the requests (by keys alone: ${peak.keys.toFixed(2)})`;
  return `${when}, ${peak.server} has ${peak.requests.toFixed(2)} times its fair share${byKeys}`;
}

const hotText = ({ hotKeys, requests }: CompareResult): string =>
  `${hotKeys.map((hot) => `${hot.key} (${percent(hot.requests / requests)})`).join(", ")}: each alone has more than an even share, which no hashing can split`;
