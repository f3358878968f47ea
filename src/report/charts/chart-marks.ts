import type { SKRSContext2D } from "@napi-rs/canvas";
import { INK } from "./chart-theme.ts";
import type { Chart, Plugin } from "./renderer.ts";

/** What Chart.js does not draw by itself: level lines, whiskers, and figures above bars. */

/** A dashed line over the whole width, with its name in the margin to the right (the layout must leave room there). */
export const levelLine = (value: number, name: readonly string[]): Plugin =>
  mark((ctx, chart) => {
    const { left, right } = chart.chartArea;
    const y = heightOf(chart, value);
    dashed(ctx, [left, y], [right, y]);
    ctx.textBaseline = "middle";
    name.forEach((line, i) => {
      ctx.fillText(line, right + 10, y + (i - (name.length - 1) / 2) * 20);
    });
  });

/** A dashed line across each category of a category axis, at that category's own value. */
export const categoryLevels = (values: readonly number[]): Plugin =>
  mark((ctx, chart) => {
    const { left, right } = chart.chartArea;
    const width = (right - left) / values.length;
    values.forEach((value, i) => {
      const y = heightOf(chart, value);
      dashed(ctx, [left + (i + 0.03) * width, y], [left + (i + 0.97) * width, y]);
    });
  });

/** A dashed line across each bar at a level of its own: a row a dataset, one level a bar. */
export const barLevels = (rows: readonly (readonly number[])[]): Plugin =>
  mark((ctx, chart) => {
    rows.forEach((row, d) => {
      chart.getDatasetMeta(d).data.forEach((bar, i) => {
        const y = heightOf(chart, row[i] ?? 0);
        const half = widthOf(bar) / 2;
        dashed(ctx, [bar.x - half, y], [bar.x + half, y]);
      });
    });
  });

/** Above each bar its own figure, if the bars are wide enough to carry all of them; `format` hears which bar it is. */
export const barFigures = (format: (value: number, i: number) => string): Plugin =>
  mark((ctx, chart) => {
    const figures = chart.data.datasets.flatMap(({ data }, d) =>
      chart.getDatasetMeta(d).data.flatMap((bar, i) => {
        const value = data[i];
        return typeof value === "number" ? [{ bar, text: format(value, i) }] : [];
      }),
    );
    if (figures.some(({ bar, text }) => ctx.measureText(text).width > widthOf(bar))) return;
    ctx.textAlign = "center";
    ctx.textBaseline = "bottom";
    // A white rim keeps a figure readable where a line crosses it.
    ctx.strokeStyle = "white";
    ctx.lineWidth = 4;
    ctx.lineJoin = "round";
    for (const { bar, text } of figures) {
      ctx.strokeText(text, bar.x, bar.y - 4);
      ctx.fillText(text, bar.x, bar.y - 4);
    }
  });

/** On each row of bars that lie: a figure after its end, and a dashed line across it at a level. */
export const rowMarks = (
  rows: readonly { readonly end: number; readonly text: string; readonly level: number }[],
): Plugin =>
  mark((ctx, { chartArea, scales }) => {
    const half = (chartArea.bottom - chartArea.top) / rows.length / 2;
    const at = (value: number) => scales.x?.getPixelForValue(value) ?? chartArea.left;
    ctx.textBaseline = "middle";
    rows.forEach(({ end, text, level }, i) => {
      const y = chartArea.top + (2 * i + 1) * half;
      dashed(ctx, [at(level), y - half], [at(level), y + half]);
      const isCrossed = level > end && at(level) < at(end) + ctx.measureText(text).width + 16;
      ctx.fillText(text, at(isCrossed ? level : end) + 8, y);
    });
  });

export interface Whisker {
  readonly low: number;
  /** Where a dot is, if there is one. */
  readonly middle?: number;
  /** How many pixels it stands beside its bar or point; 0 without it. */
  readonly beside?: number;
  readonly colour?: string;
  readonly high: number;
}

/** Over each bar or point a thin line from low to high: a row a dataset, one whisker a bar. */
export const whiskers = (rows: readonly (readonly (Whisker | undefined)[])[]): Plugin =>
  mark((ctx, chart) => {
    rows.forEach((row, d) => {
      chart.getDatasetMeta(d).data.forEach((bar, i) => {
        const whisker = row[i];
        if (whisker !== undefined) drawWhisker(ctx, chart, bar.x + (whisker.beside ?? 0), whisker);
      });
    });
  });

function drawWhisker(ctx: SKRSContext2D, chart: Chart, x: number, { low, middle, high, colour = INK }: Whisker): void {
  const [bottom, top] = [heightOf(chart, low), heightOf(chart, high)];
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  for (const y of [bottom, top]) {
    ctx.moveTo(x - 4, y);
    ctx.lineTo(x + 4, y);
  }
  ctx.moveTo(x, bottom);
  ctx.lineTo(x, top);
  ctx.stroke();
  if (middle === undefined) return;
  ctx.beginPath();
  ctx.arc(x, heightOf(chart, middle), 3.5, 0, 2 * Math.PI);
  ctx.fill();
}

/** A plugin that draws after the data, in the chart's font and ink, and leaves the context as it was. */
export function mark(draw: (ctx: SKRSContext2D, chart: Chart) => void): Plugin {
  return {
    id: "mark",
    afterDatasetsDraw(chart) {
      // Chart.js types its context as a browser's; here it is the canvas's own.
      const ctx = chart.ctx as unknown as SKRSContext2D;
      ctx.save();
      ctx.font = `15px ${chart.options.font?.family ?? "sans-serif"}`;
      ctx.fillStyle = INK;
      ctx.strokeStyle = INK;
      draw(ctx, chart);
      ctx.restore();
    },
  };
}

const widthOf = (bar: ReturnType<Chart["getDatasetMeta"]>["data"][number]): number =>
  (bar.getProps(["width"]) as unknown as { width: number }).width;

function dashed(ctx: SKRSContext2D, from: readonly [number, number], to: readonly [number, number]): void {
  ctx.setLineDash([8, 5]);
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}

/** Where a value is on the y axis; what lies below or above the axis is drawn at its end. */
function heightOf({ chartArea, scales }: Chart, value: number): number {
  const y = scales.y?.getPixelForValue(value) ?? chartArea.bottom;
  return Number.isFinite(y) ? Math.min(chartArea.bottom, Math.max(chartArea.top, y)) : chartArea.bottom;
}
