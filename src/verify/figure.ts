/** A published figure, or a promise of a policy, that this module reproduces. */
export interface Figure {
  /** What is measured, and on what workload. */
  readonly what: string;
  /** Who says so. */
  readonly source: string;
  /** The published result, as text. */
  readonly expected: string;
  /** Measures it anew, the same on every machine and every run. */
  run(): Outcome;
}

interface Outcome {
  /** Our result, as text to put beside the expected one. */
  readonly ours: string;
  readonly ok: boolean;
}

/** Whether `value` is within `error` of `wanted`, as a fraction of it. */
export const near = (value: number, wanted: number, error: number): boolean =>
  Math.abs(value - wanted) <= error * Math.abs(wanted);

/** A fraction as a percentage. */
export const percent = (fraction: number, digits = 1): string => `${(fraction * 100).toFixed(digits)} %`;
