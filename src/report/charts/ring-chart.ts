import { count, listed, plural } from "../../format.ts";
import { evenly, type Group, labelsOf } from "../../results/groups.ts";
import type { RingOf } from "../../results/placement-figures.ts";
import { chartOptions, INK } from "./chart-theme.ts";
import type { ChartConfiguration } from "./renderer.ts";
import { ringPanels } from "./ring-drawing.ts";
import { colouredServers, legendOf, MAX_COLOURS, MAX_MARKS, panelOf } from "./ring-panel.ts";
import type { RingPicture } from "./ring-picture.ts";
import { ringTitle } from "./ring-title.ts";

const MAX_PANELS = 8;

/**
 * The ring of each policy that has one, its arcs in the colours of their owners, around the share of the keys that
 * each server had: policies side by side at `usual` servers, or a single one at each number. A sentence where none has
 * a ring.
 */
export function ringChart(
  groups: readonly Group[],
  usual: number,
  what: string,
  ringOf: RingOf,
): ChartConfiguration | string {
  const labels = labelsOf(groups);
  const all = groups.map((group, i) => picturesOf(group, labels[i] ?? group.name, ringOf));
  const without = labels.filter((_, i) => all[i]?.length === 0);
  const noRing = without.length === 0 ? [] : [`No ring of ${listed(without)}`];
  const [first, ...others] = all.filter((pictures) => pictures.length > 0);
  if (first === undefined) return `There is no ring to draw of ${listed(without)}.`;
  const pictures = others.length === 0 ? first : [first, ...others].flatMap((own) => own.filter(isOf(usual)));
  const shown = evenly(pictures, MAX_PANELS);
  const few = shown.length < pictures.length ? [`Here are ${shown.length} of ${pictures.length} rings`] : [];
  return chartOf(shown, what, [...few, ...noRing]);
}

const picturesOf = (group: Group, label: string, ringOf: RingOf): RingPicture[] =>
  group.points.flatMap((point) => {
    const ring = ringOf(point);
    return ring ? [{ label, ring, point }] : [];
  });

const isOf =
  (servers: number) =>
  ({ point }: RingPicture): boolean =>
    point.servers === servers;

function chartOf(pictures: readonly RingPicture[], what: string, notes: readonly string[]): ChartConfiguration {
  const servers = colouredServers(pictures);
  const sizes = [...new Set(pictures.map(({ point }) => plural(point.servers, "server")))];
  const captionOf = ({ label, point }: RingPicture) => (sizes.length === 1 ? label : plural(point.servers, "server"));
  const headings = {
    title: ringTitle(pictures),
    subtitle: [[...(sizes.length === 1 ? sizes : []), what].join(", "), ...reading(pictures), ...notes].join(". "),
    x: "",
    y: "",
  };
  const { scales: _, ...options } = chartOptions("bar", headings, { x: {}, y: {} });
  const isAlone = pictures.length === 1;
  const { title, items } = legendOf(pictures, servers);
  const legend = {
    ...options.plugins?.legend,
    position: isAlone ? ("right" as const) : ("bottom" as const),
    labels: { ...options.plugins?.legend?.labels, generateLabels: () => items },
    title: { display: title !== "", text: title, font: { size: 16 }, color: INK, padding: 8 },
  };
  return {
    type: "doughnut",
    data: { datasets: [] },
    options: { ...options, plugins: { ...options.plugins, legend } },
    plugins: [ringPanels(pictures.map((picture) => panelOf(picture, servers, isAlone ? "" : captionOf(picture))))],
  };
}

/** How to read the picture, sentence by sentence. */
function reading(pictures: readonly RingPicture[]): string[] {
  const slots = [...new Set(pictures.flatMap(({ ring }) => ring.landings?.length ?? []))];
  const reached = new Set(pictures.flatMap(({ ring }) => [...(ring.landings ?? [])])).size;
  return [
    `Around: the ring, each arc in the colour of the server that takes its keys. Inside: ${insideOf(pictures)}`,
    ...(pictures.some(({ ring }) => ring.points.length <= MAX_MARKS) ? ["Marks outside: virtual nodes"] : []),
    ...(slots.length > 0
      ? [
          `Black marks: where keys land${slots.length === 1 ? `, on ${count(reached)} of ${slots.map(count)} slots` : ""}`,
        ]
      : []),
  ];
}

const insideOf = (pictures: readonly RingPicture[]): string =>
  [
    ...(pictures.some(({ ring }) => ring.names.length <= MAX_COLOURS)
      ? ["the share of the requests that each server had"]
      : []),
    ...(pictures.some(({ ring }) => ring.names.length > MAX_COLOURS)
      ? ["a ray for each of many servers, as long as its load against its share (dashed: as it should be)"]
      : []),
  ].join(", or ");
