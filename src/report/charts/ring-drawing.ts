import type { SKRSContext2D } from "@napi-rs/canvas";
import { mark } from "./chart-marks.ts";
import { contrasting, GREY, INK } from "./chart-theme.ts";
import type { Plugin } from "./renderer.ts";

/** Draws rings: angles are fractions of a turn, clockwise from the top. */

/** One ring, ready to be drawn. */
export interface Panel {
  readonly caption: string;
  /** The colour of the ring under arcs of which many are thin; null for none. */
  readonly ground: string | null;
  /** The arcs of the ring. */
  readonly arcs: readonly Arc[];
  /** What is within: slices of a pie, or rays. */
  readonly slices: readonly Slice[];
  /** How far out a dashed ring is within; 0 for none. */
  readonly level: number;
  /** Marks outside the ring. */
  readonly points: readonly { readonly at: number; readonly colour: string }[];
  /** Marks inside the ring. */
  readonly landings: readonly number[];
}

export interface Arc {
  readonly from: number;
  readonly to: number;
  readonly colour: string;
}

export interface Slice extends Arc {
  /** How far out it reaches: 1 is the rim. */
  readonly reach: number;
  /** What is written on it, longest first: what fits is taken. */
  readonly texts: readonly (readonly string[])[];
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** The room for a caption. */
  readonly wide: number;
}

const CAPTION_HEIGHT = 34;
const MARGIN = 16;
const LARGEST_RADIUS = 250;

/** Draws the panels side by side, in as many rows as make them largest. */
export const ringPanels = (panels: readonly Panel[]): Plugin =>
  mark((ctx, { chartArea: { left, top, width, height } }) => {
    const columns = columnsFor(panels.length, width, height);
    const [wide, high] = [width / columns, height / Math.ceil(panels.length / columns)];
    panels.forEach((panel, i) => {
      const row = Math.floor(i / columns);
      const inRow = Math.min(columns, panels.length - row * columns);
      const x = left + (width - inRow * wide) / 2 + ((i % columns) + 0.5) * wide;
      drawPanel(ctx, panel, { x, y: top + (row + 0.5) * high, wide, radius: radiusIn(wide, high) });
    });
  });

const radiusIn = (wide: number, high: number): number =>
  Math.max(1, Math.min(LARGEST_RADIUS, (wide - MARGIN) / 2 - MARGIN, (high - CAPTION_HEIGHT) / 2 - MARGIN));

function columnsFor(panels: number, width: number, height: number): number {
  const radius = (columns: number) => radiusIn(width / columns, height / Math.ceil(panels / columns));
  const choices = Array.from({ length: panels }, (_, i) => i + 1);
  return choices.reduce((best, columns) => (radius(columns) > radius(best) + 1 ? columns : best), 1);
}

function drawPanel(ctx: SKRSContext2D, panel: Panel, { x, y, radius, wide }: Place): void {
  ctx.save();
  ctx.translate(x, y);
  ctx.textAlign = "center";
  ctx.textBaseline = "bottom";
  boldly(ctx, 17, () => ctx.fillText(panel.caption, 0, -radius - MARGIN, wide - 8));
  ctx.translate(0, CAPTION_HEIGHT / 2 - MARGIN / 2);
  // Between two arcs that only met, the ground would show through, so each is drawn a little too long, unless the ground
  // is what is to be seen between arcs that are thinner than a pixel.
  const overlap = panel.ground === null ? 0.5 : 0;
  if (panel.ground !== null) fillArc(ctx, { from: 0, to: 1, colour: panel.ground }, 0.78 * radius, radius, 0);
  for (const arc of panel.arcs) fillArc(ctx, arc, 0.78 * radius, radius, overlap);
  outline(ctx, [0.78 * radius, radius], []);
  for (const { at, colour } of panel.points) tick(ctx, at, radius + 4, radius + 14, colour, 3);
  for (const at of panel.landings) tick(ctx, at, 0.69 * radius, 0.76 * radius, INK, 1.5);
  const pie = (panel.landings.length > 0 ? 0.63 : 0.7) * radius;
  for (const slice of panel.slices) fillArc(ctx, slice, 0, slice.reach * pie, 0.5);
  for (const slice of panel.slices) separate(ctx, slice, slice.reach * pie);
  for (const slice of panel.slices) label(ctx, slice, slice.reach * pie);
  outline(ctx, [panel.level * pie], [6, 4]);
  ctx.restore();
}

/** Angles for the canvas, which counts from the right. */
const radians = (turn: number): number => (turn - 0.25) * 2 * Math.PI;

/** Fills an arc between two radii, `overlap` pixels too long. */
function fillArc(ctx: SKRSContext2D, { from, to, colour }: Arc, inner: number, outer: number, overlap: number): void {
  if (from === to) return;
  const end = Math.min(radians(to) + overlap / Math.max(1, outer), radians(from + 1));
  ctx.beginPath();
  ctx.arc(0, 0, outer, radians(from), end);
  ctx.arc(0, 0, inner, end, radians(from), true);
  ctx.closePath();
  ctx.fillStyle = colour;
  ctx.fill();
}

function outline(ctx: SKRSContext2D, radii: readonly number[], dash: number[]): void {
  ctx.strokeStyle = dash.length > 0 ? INK : GREY;
  ctx.lineWidth = dash.length > 0 ? 2 : 1;
  ctx.setLineDash(dash);
  for (const radius of radii) {
    ctx.beginPath();
    ctx.arc(0, 0, radius, 0, 2 * Math.PI);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

function tick(ctx: SKRSContext2D, at: number, from: number, to: number, colour: string, width: number): void {
  const [cos, sin] = [Math.cos(radians(at)), Math.sin(radians(at))];
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.beginPath();
  ctx.moveTo(from * cos, from * sin);
  ctx.lineTo(to * cos, to * sin);
  ctx.stroke();
}

/** White lines tell neighbours of one colour apart, where the slice is wider than the line. */
function separate(ctx: SKRSContext2D, { from, to }: Arc, radius: number): void {
  if ((to - from) * 2 * Math.PI * radius < 4 || to - from > 0.999) return;
  for (const at of [from, to]) tick(ctx, at, 0, radius, "white", 2);
}

/** Writes the first of a slice's texts that fits into it, towards the rim, where there is most room. */
function label(ctx: SKRSContext2D, { from, to, colour, texts }: Slice, radius: number): void {
  const size = Math.min(18, Math.max(12, radius / 7));
  const narrowness = Math.sin(Math.min(Math.PI, (to - from) * 2 * Math.PI) / 2);
  ctx.fillStyle = contrasting(colour);
  ctx.textBaseline = "middle";
  boldly(ctx, size, () => {
    for (const lines of texts) {
      // A circle round the text touches both sides of the slice at `near`, and its rim at `far`.
      const half =
        Math.hypot(Math.max(...lines.map((line) => ctx.measureText(line).width)), lines.length * size) / 2 + 4;
      const [near, far] = [half / narrowness, radius - half];
      if (near > far) continue;
      const middle = to - from > 0.999 ? 0 : Math.min(far, Math.max(near, 0.65 * radius));
      writeLines(
        ctx,
        lines,
        middle * Math.cos(radians((from + to) / 2)),
        middle * Math.sin(radians((from + to) / 2)),
        size,
      );
      return;
    }
  });
}

function writeLines(ctx: SKRSContext2D, lines: readonly string[], x: number, y: number, size: number): void {
  lines.forEach((line, i) => {
    ctx.fillText(line, x, y + (i - (lines.length - 1) / 2) * size * 1.2);
  });
}

function boldly(ctx: SKRSContext2D, size: number, draw: () => void): void {
  const { font } = ctx;
  ctx.font = `bold ${size}px ${font.replace(/^.*px /, "")}`;
  draw();
  ctx.font = font;
}
