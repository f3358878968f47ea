import { count, inNaturalOrder, percent, roundPercent, shortNames } from "../../format.ts";
import type { StudyPoint } from "../../results/run.ts";
import { serverLoads } from "../../results/server-loads.ts";
import { colour, INK } from "./chart-theme.ts";
import type { Arc, Panel, Slice } from "./ring-drawing.ts";
import type { RingPicture } from "./ring-picture.ts";

/** A server that has a colour of its own; all others are grey. */
interface ColouredServer {
  readonly name: string;
  /** Its name where there is little room. */
  readonly label: string;
  readonly colour: string;
}

/** A ring of more points than this shows no marks for them: its arcs show where they end. */
export const MAX_MARKS = 100;
/** Up to this many servers each have a colour; of more, only the busiest. */
export const MAX_COLOURS = 12;
const COLOURED_OF_MANY = 6;
const LONGEST_LABEL = 20;
const GREY = "#C4C4C4";

/** The servers that have a colour, the same on every ring: all of few, the busiest of many. */
export function colouredServers(pictures: readonly RingPicture[]): ColouredServer[] {
  const most = new Map<string, number>();
  for (const { name, ratio } of pictures.flatMap(({ point }) => serverLoads(point)))
    most.set(name, Math.max(ratio, most.get(name) ?? 0));
  const names = [...most.keys()];
  const busiestFirst = names.toSorted((a, b) => (most.get(b) ?? 0) - (most.get(a) ?? 0));
  const shown = inNaturalOrder(names.length <= MAX_COLOURS ? names : busiestFirst.slice(0, COLOURED_OF_MANY));
  const labels = shortNames(shown, LONGEST_LABEL);
  return shown.map((name, i) => ({ name, label: labels[i] ?? name, colour: colour(i) }));
}

/** What is drawn of one ring. */
export function panelOf(picture: RingPicture, servers: readonly ColouredServer[], caption: string): Panel {
  const { names, points, owners, ends, landings = [] } = picture.ring;
  const colours = new Map(servers.map((server) => [server.name, server.colour]));
  const colourAt = (i: number) => colours.get(names[owners[i] ?? -1] ?? "") ?? GREY;
  const first = (ends.at(-1) ?? 1) - 1;
  return {
    caption,
    ground: names.length <= MAX_COLOURS ? null : GREY,
    arcs: joined([...ends].map((to, i) => ({ from: ends[i - 1] ?? first, to, colour: colourAt(i) }))),
    ...(names.length <= MAX_COLOURS ? pieOf(rowsOf(picture, servers)) : raysOf(picture.point, colours)),
    points: points.length > MAX_MARKS ? [] : [...points].map((at, i) => ({ at, colour: colourAt(i) })),
    landings: [...new Set(landings)],
  };
}

/** Neighbours of one colour as one arc: of many thousands, few are left. */
function joined(arcs: readonly Arc[]): Arc[] {
  const whole: Arc[] = [];
  for (const arc of arcs) {
    const before = whole.at(-1);
    if (before?.colour === arc.colour) whole[whole.length - 1] = { ...before, to: arc.to };
    else whole.push(arc);
  }
  return whole;
}

type Inside = Pick<Panel, "slices" | "level">;

/** Few servers: each with its share of the load. */
function pieOf(rows: readonly Row[]): Inside {
  let to = 0;
  const slices = rows.map(({ label, colour, load }): Slice => {
    const from = to;
    to += load;
    return { from, to, reach: 1, colour, texts: [[label, roundPercent(load)], [roundPercent(load)]] };
  });
  return { slices, level: 0 };
}

/** Many servers: a ray each, as long as its load against its share, from the busiest to the idlest. */
function raysOf(point: StudyPoint, colours: ReadonlyMap<string, string>): Inside {
  const loads = serverLoads(point).toSorted((a, b) => b.ratio - a.ratio);
  const most = Math.max(1, loads[0]?.ratio ?? 1);
  const slices = loads.map(
    ({ name, ratio }, i): Slice => ({
      from: i / loads.length,
      to: (i + 1) / loads.length,
      reach: ratio / most,
      colour: colours.get(name) ?? GREY,
      texts: [],
    }),
  );
  return { slices, level: 1 / most };
}

/** A server, or all that have no colour together, with its shares. */
interface Row {
  readonly label: string;
  readonly colour: string;
  /** Its shares of the load and of the ring, and by weight, from 0 to 1. */
  readonly load: number;
  readonly ring: number;
  readonly fair: number;
}

function rowsOf({ ring, point }: RingPicture, servers: readonly ColouredServer[]): Row[] {
  const loads = new Map(serverLoads(point).map((load) => [load.name, load]));
  const rows = servers.flatMap(({ name, label, colour }): Row[] => {
    const load = loads.get(name);
    const share = ring.shares[ring.names.indexOf(name)] ?? 0;
    return load === undefined ? [] : [{ label, colour, ring: share, load: load.share, fair: load.fair }];
  });
  const others = loads.size - rows.length;
  if (others === 0) return rows;
  const left = (share: (row: Row) => number): number =>
    Math.max(0, 1 - rows.reduce((total, row) => total + share(row), 0));
  const rest = { load: left((row) => row.load), fair: left((row) => row.fair), ring: left((row) => row.ring) };
  return [...rows, { label: `${count(others)} others`, colour: GREY, ...rest }];
}

/** The legend: of a single ring with its figures, which the others have inside. */
export function legendOf(pictures: readonly RingPicture[], servers: readonly ColouredServer[]) {
  const [picture, ...more] = pictures;
  const item = (text: string, fillStyle: string) => ({ text, fillStyle, strokeStyle: fillStyle, fontColor: INK });
  if (picture !== undefined && more.length === 0) {
    const isWeighted = picture.point.weights !== undefined;
    return {
      title: ["share of the load", "of the ring", ...(isWeighted ? ["by weight"] : [])].join(" · "),
      items: rowsOf(picture, servers).map(({ label, colour, load, ring, fair }) =>
        item(`${label}: ${[load, ring, ...(isWeighted ? [fair] : [])].map(percent).join(" · ")}`, colour),
      ),
    };
  }
  const others = pictures.some(({ ring }) => ring.names.length > servers.length) ? [item("all others", GREY)] : [];
  return { title: "", items: [...servers.map(({ label, colour }) => item(label, colour)), ...others] };
}
