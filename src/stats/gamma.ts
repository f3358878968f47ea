/**
 * The regularised incomplete gamma function: what the chi-square distribution is made of.
 * Method: Numerical Recipes, section 6.2 (series below x = a + 1, continued fraction above).
 */

/** Lanczos coefficients for g = 7, n = 9 (Godfrey): relative error below 1e-14 for a > 0. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
const EPSILON = 1e-15;
const TINY = 1e-300;

/** ln Γ(a) for a ≥ 0.5. */
function logGamma(a: number): number {
  const base = a + 6.5;
  const sum = LANCZOS.reduce((total, coefficient, i) => (i === 0 ? coefficient : total + coefficient / (a - 1 + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (a - 0.5) * Math.log(base) - base + Math.log(sum);
}

/**
 * Q(a, x) = Γ(a, x) / Γ(a), for a ≥ 0.5 and x ≥ 0: a number in [0, 1]. The tail is found directly and not
 * as 1 − P, so it keeps its digits until a double has no smaller number (about 5e-324), and is 0 from there.
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  const q = x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x);
  return Math.min(1, Math.max(0, q));
}

/** Σ x^n / (a (a+1) … (a+n)); every term is positive and the terms shrink because x < a + 1. */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = a + 1; term > sum * EPSILON; n++) {
    term *= x / n;
    sum += term;
  }
  return sum;
}

/** The continued fraction 1/(x+1−a− 1(1−a)/(x+3−a− …)), by the modified Lentz method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1, factor = 0; Math.abs(factor - 1) > EPSILON; i++) {
    const numerator = -i * (i - a);
    b += 2;
    d = 1 / awayFromZero(numerator * d + b);
    c = awayFromZero(b + numerator / c);
    factor = c * d;
    fraction *= factor;
  }
  return fraction;
}

const awayFromZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
