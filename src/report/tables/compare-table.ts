import { count, inNaturalOrder, percent, signedPercent } from "../../format.ts";
import type { CompareResult, Peak, Shift } from "../../results/compare.ts";
import { workloadSentence } from "./analyze-table.ts";
import { type Look, notes, table } from "./table.ts";

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
