// Maps θ -> a θ + 1 whose slope is one of two, a coin toss for each batch: forward, backward, and many backward ends.

import {tossed} from "./tossed.js";
import {backwardAffine, forwardPath} from "./words.js";

export const EXPANDING_STEPS = 120, EXPANDING_SEEDS = 4000;
const ONE = 6, MANY = 7; // streams of random numbers

/** product[n]: |a_0 ⋯ a_n-1|, the size of B_n+1 - B_n, since θ_0 = 0 and T(0) = 1. ends: B_120 of many seeds. */
export function expandingStates({slopes, seed}) {
  const coins = tossed(seed, EXPANDING_STEPS, 2, ONE), slope = i => slopes[coins[i]], product = [1];
  for (let i = 0; i < EXPANDING_STEPS; i++) product.push(product[i] * Math.abs(slope(i)));
  return {
    forward: forwardPath((theta, i) => slope(i) * theta + 1, 0, EXPANDING_STEPS),
    backward: backwardAffine(slope, () => 1, 0, EXPANDING_STEPS), product, ends: manyEnds(slopes, seed),
  };
}

function manyEnds([a, b], seed) {
  const coins = tossed(seed, EXPANDING_SEEDS * EXPANDING_STEPS, 2, MANY), ends = new Float64Array(EXPANDING_SEEDS);
  for (let k = 0; k < EXPANDING_SEEDS; k++) {
    let theta = 0;
    for (let i = (k + 1) * EXPANDING_STEPS - 1; i >= k * EXPANDING_STEPS; i--) theta = (coins[i] ? b : a) * theta + 1;
    ends[k] = theta;
  }
  return ends;
}

/** E log|a|. */
export function expandingRate([a, b]) {
  return 0.5 * Math.log(Math.abs(a)) + 0.5 * Math.log(Math.abs(b));
}

/** Kesten's κ with E|a|^κ = 1: infinite if no slope is beyond 1, undefined unless E log|a| < 0. */
export function kesten(slopes) {
  if (!(expandingRate(slopes) < 0)) return NaN;
  if (Math.max(...slopes.map(Math.abs)) <= 1) return Infinity;
  const excess = kappa => slopes.reduce((sum, a) => sum + Math.abs(a) ** kappa, 0) - 2;
  let high = 1;
  while (excess(high) <= 0) high *= 2;
  let low = high;
  while (excess(low) >= 0) low /= 2;
  for (let i = 0; i < 100 && high > low; i++) {
    const middle = (low + high) / 2;
    if (excess(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** What a test compares with `revorder.run`. */
export function compared(settings) {
  const {forward, backward, product, ends} = expandingStates(settings);
  return {forward, backward, product, ends: ends.subarray(0, 50), exponent: [expandingRate(settings.slopes)]};
}
