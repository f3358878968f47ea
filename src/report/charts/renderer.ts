// The names that an import takes here must not meet those of the build's own banner (`createRequire`, `require`).
import { createRequire as requireFrom } from "node:module";
import { GlobalFonts } from "@napi-rs/canvas";
import type { ChartConfiguration } from "chart.js";
import { ChartJSNodeCanvas } from "chartjs-node-canvas";

export type { Chart, ChartConfiguration, Plugin } from "chart.js";

export interface Size {
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the image for each CSS pixel, each way. */
  readonly pixelRatio: number;
}

const FONT = "lbctl sans";

/** The only place that meets Chart.js and a canvas: a configuration in, a PNG on white out. */
export function renderPng(configuration: ChartConfiguration, { width, height, pixelRatio }: Size): Buffer {
  registerFonts();
  const renderer = new ChartJSNodeCanvas({
    width,
    height,
    backgroundColour: "white",
    chartCallback: (chart) => {
      chart.defaults.font.family = `"${FONT}"`;
      chart.defaults.devicePixelRatio = pixelRatio;
    },
  });
  // The form with a callback never calls it with this canvas.
  return renderer.renderToBufferSync(configuration);
}

/** A machine without fonts would draw no text at all, so the charts bring theirs. */
function registerFonts(): void {
  if (GlobalFonts.has(FONT)) return;
  const { resolve } = requireFrom(import.meta.url);
  for (const file of ["400Regular/Inter_400Regular.ttf", "700Bold/Inter_700Bold.ttf"])
    GlobalFonts.registerFromPath(resolve(`@expo-google-fonts/inter/${file}`), FONT);
}
