/** The cumulative distribution of a binomial variable where it is neither 0 nor 1 for all that can be seen. */
export interface BinomialCdf {
  /** The first k. */
  readonly from: number;
  /** P(X ≤ k) for each k from there on. */
  readonly cdf: Float64Array;
}

/** So many standard deviations from the mean, less than one in 10⁸ is left. */
const REACH = 6;

/** Of `draws` draws, each with a chance 0 < `chance` < 1. From the ratio of neighbouring probabilities, so nothing overflows. */
export function binomialCdf(draws: number, chance: number): BinomialCdf {
  const mean = draws * chance;
  // The tail of a small mean is longer than a normal one's: a few more.
  const reach = REACH * Math.sqrt(mean * (1 - chance)) + REACH;
  const from = Math.max(0, Math.floor(mean - reach));
  const mode = Math.min(draws, Math.floor((draws + 1) * chance));
  const weights = new Float64Array(Math.min(draws, Math.ceil(mean + reach)) - from + 1);
  const odds = chance / (1 - chance);
  weights[mode - from] = 1;
  for (let k = mode + 1; k - from < weights.length; k++)
    weights[k - from] = (weights[k - from - 1] ?? 0) * odds * ((draws - k + 1) / k);
  for (let k = mode - 1; k >= from; k--)
    weights[k - from] = ((weights[k - from + 1] ?? 0) * (k + 1)) / ((draws - k) * odds);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let below = 0;
  return { from, cdf: weights.map((weight) => (below += weight / total)) };
}
