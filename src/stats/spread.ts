/** Several measurements of one figure. */
export interface Spread {
  readonly mean: number;
  /** The sample standard deviation (over n−1); 0 of a single measurement. */
  readonly sd: number;
}

/** Their mean and standard deviation; of none, 0 and 0. */
export function spreadOf(values: readonly number[]): Spread {
  const n = values.length;
  if (n === 0) return { mean: 0, sd: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: n === 1 ? 0 : Math.sqrt(squares / (n - 1)) };
}
