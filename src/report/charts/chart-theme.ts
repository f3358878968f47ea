import { wrapped } from "../../format.ts";
import type { ChartConfiguration } from "./renderer.ts";

/** The look that all charts share. */

/** Okabe and Ito's palette, which the colour-blind can tell apart (jfly.uni-koeln.de/color), darkest contrasts first. */
const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A6A00"];
const MARKERS = ["circle", "rect", "triangle", "rectRot", "star", "crossRot", "cross"] as const;
export const INK = "#222222";
export const GREY = "#666666";
/** The layout of a chart that names a level in the margin to its right. */
export const LAYOUT_WITH_MARGIN = { padding: { top: 20, right: 130, bottom: 16, left: 20 } };
const GRID = "#E4E4E4";

/** The second round of the palette is the same colours, darkened. */
export const colour = (index: number): string => {
  const base = PALETTE[index % PALETTE.length] ?? INK;
  return index < PALETTE.length ? base : darkened(base);
};

/** Ink or white, whichever has more contrast to a colour (#RRGGBB), by its relative luminance (WCAG 2). */
export function contrasting(hex: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(
    (at) => (Number.parseInt(hex.slice(at, at + 2), 16) / 255) ** 2.2,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.21 ? INK : "white";
}

const darkened = (hex: string): string =>
  `#${[1, 3, 5]
    .map((at) =>
      Math.round(Number.parseInt(hex.slice(at, at + 2), 16) * 0.55)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;

/** Colour, marker and dash of the i-th line; the second round of the palette is dashed. */
export const lineStyle = (index: number) => ({
  borderColor: colour(index),
  backgroundColor: colour(index),
  borderDash: index < PALETTE.length ? [] : [8, 4],
  borderWidth: 3,
  pointStyle: MARKERS[index % MARKERS.length] ?? "circle",
  pointBorderWidth: 2,
  // A marker on the edge of the chart is drawn whole.
  clip: false as const,
});

export interface Headings {
  /** What is seen, in a sentence. */
  readonly title: string;
  /** What is shown, and how to read it. */
  readonly subtitle: string;
  readonly x: string;
  readonly y: string;
}

type Options = NonNullable<ChartConfiguration["options"]>;
export type Scales = NonNullable<Options["scales"]>;

/** Title, subtitle, legend and axis texts, all sized to be read from the back of a room. */
export function chartOptions(
  kind: "bar" | "line",
  { title, subtitle, x, y }: Headings,
  scales: { x: Scales[string]; y: Scales[string] },
): Options {
  return {
    layout: { padding: { top: 20, right: 36, bottom: 16, left: 20 } },
    color: INK,
    datasets: { bar: { categoryPercentage: 0.86, barPercentage: 0.96 } },
    plugins: {
      title: {
        display: true,
        text: wrapped(title, 92),
        align: "start",
        color: INK,
        font: { size: 22, weight: "bold", lineHeight: 1.3 },
        padding: { bottom: 6 },
      },
      subtitle: {
        display: true,
        text: wrapped(subtitle, 134),
        align: "start",
        color: GREY,
        font: { size: 16, lineHeight: 1.35 },
        padding: { bottom: 14 },
      },
      legend: {
        position: "bottom",
        labels: {
          usePointStyle: kind === "line",
          font: { size: 16 },
          padding: 18,
          boxWidth: 16,
          boxHeight: 14,
          color: INK,
          filter: (item) => Boolean(item.text),
        },
      },
    },
    scales: { x: axis(x, scales.x), y: axis(y, scales.y) },
  };
}

const axis = (text: string, scale: Scales[string]): Scales[string] =>
  ({
    title: { display: true, text, color: INK, font: { size: 17 } },
    grid: { color: GRID },
    border: { color: GREY },
    ...scale,
    ticks: { color: INK, font: { size: 15 }, ...scale?.ticks },
  }) as Scales[string];

/** A log axis from `min`, with a line and a label at 1, 2 and 5 of each decade: more would run into one another. */
export const logAxis = (min: number, format: (value: number) => string): Scales[string] => ({
  type: "logarithmic",
  min,
  ticks: { callback: (value) => format(Number(value)) },
  afterBuildTicks: (scale) => {
    scale.ticks = decadesOf(scale.min, scale.max).map((value) => ({ value }));
  },
});

function decadesOf(min: number, max: number): number[] {
  const first = Math.floor(Math.log10(min));
  const decades = Array.from({ length: Math.ceil(Math.log10(max)) - first + 1 }, (_, i) => first + i);
  return decades
    .flatMap((decade) => [1, 2, 5].map((step) => step * 10 ** decade))
    .filter((value) => value >= min && value <= max);
}
