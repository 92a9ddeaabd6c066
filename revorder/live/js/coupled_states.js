// Two runs under maps of two random slopes, θ -> x + s_x (θ - x) with a toss x of 0 or 1: their gap, and their paths.

import {tosses} from "./random.js";
import {backwardAffine, forwardPath} from "./words.js";

export const COUPLED_STEPS = 100;

/** slopes: those of the maps of the tosses 0 and 1. forward, backward: [a's states, b's states] at the steps 0 … 100.
 *  gap: |a - b| times the product of the slopes, in any order; highest: the largest of the gaps up to each step. */
export function coupledStates({slopes, seed, a, b}) {
  const drawn = tosses(seed, COUPLED_STEPS), slope = i => slopes[drawn[i]], shift = i => (1 - slope(i)) * drawn[i];
  const gap = [Math.abs(a - b)];
  for (let i = 0; i < COUPLED_STEPS; i++) gap.push(gap[i] * Math.abs(slope(i)));
  return {
    drawn, gap,
    forward: [a, b].map(start => forwardPath((theta, i) => slope(i) * theta + shift(i), start, COUPLED_STEPS)),
    backward: [a, b].map(start => backwardAffine(slope, shift, start, COUPLED_STEPS)),
  };
}

/** Of the mean logarithm of the factor of a step: what it is multiplied by in the long run. */
export function meanFactor([one, other]) {
  return Math.sqrt(Math.abs(one * other));
}

/** What a test compares with `revorder.run`. */
export function compared(settings) {
  const {forward, backward, gap} = coupledStates(settings);
  return {forward, backward, gap, mean: [meanFactor(settings.slopes)]};
}
