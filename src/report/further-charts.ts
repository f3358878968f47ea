/** The charts that `--chart` asks for, and what each shows. Apart from what draws them, which is heavy to load. */
export const furtherCharts = {
  ring: "the ring with its arcs by owner",
  vnodes: "spread against vnodes, beside the closed form",
  moved: "moved share by policy, beside the least possible",
  cdf: "how many servers have how much load, beside chance",
} as const;

export type FurtherChart = keyof typeof furtherCharts;
