// Recorded ends of the Hessian's spectrum: the largest singular value of I - h H, the Jacobian of a step of SGD.

import {geometric} from "./intervals.js";

/** |1 - h λ| at its largest, from the smallest and the largest eigenvalue; at least 1, since softmax makes one of them 0. */
export function stretchOf(lr, lowest, highest) {
  return Math.max(1 - lr * lowest, lr * highest - 1);
}

/** At each look: the factors of all seeds at the rate lr, their mean and interval, and how many stretch along a slope
 *  that is too steep for lr, and not along negative curvature. */
export function stretchStates({lr, recording: {lowest, highest, quantile}}) {
  const factors = lowest.map((row, k) => row.map((low, s) => stretchOf(lr, low, highest[k][s])));
  const isSteep = (k, s) => lr * highest[k][s] - 1 >= factors[k][s];
  const most = (k, h) => Math.max(...lowest[k].map((low, s) => stretchOf(h, low, highest[k][s])));
  return {factors, isSteep, most, bands: factors.map(row => geometric(row, quantile)),
    steep: factors.map((row, k) => row.filter((_, s) => isSteep(k, s)).length)};
}

/** What a test compares with NumPy. */
export function compared(settings) {
  const {factors, bands, steep} = stretchStates(settings);
  return {factors, bands: [0, 1, 2].map(i => bands.map(band => band[i])), steep};
}
