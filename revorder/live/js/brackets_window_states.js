// A window of batches, run forward, backward, and forward with a correction by brackets; and what each costs.

import {bothWays, BOWL_RATES, bowlOf} from "./bowls.js";
import {normal, uniform} from "./random.js";

const SPREAD = 0.9, STREAM = 7;

/** The batches of a window, oldest first: [x, y, angle of the steep axis]. */
function batchesOf({seed, width}) {
  return Array.from({length: width}, (_, i) =>
    [SPREAD * normal(seed, 2 * i, STREAM), SPREAD * normal(seed, 2 * i + 1, STREAM), Math.PI * uniform(seed, i, STREAM + 1)]);
}

/** Evaluations of T: a gradient is one, a Hessian-vector product two, and one gradient is used twice. */
export function windowPrices(w) {
  return {forward: w, backward: w, corrected: 2 * w - 1 + 2 * w, pairs: 2 * w - 1 + 2 * w * (w - 1)};
}

/** Both ways at the learning rate lr, the corrected end, and both ways at several rates. */
export function windowStates(settings) {
  const {lr, start, width} = settings, bowls = batchesOf(settings).map(batch => bowlOf("log cosh", batch));
  const found = bothWays(bowls, start, lr), end = found.forward.at(-1).map((v, k) => v + found.correction[k]);
  return {...found, bowls, end, prices: windowPrices(width), sweep: BOWL_RATES.map(h => bothWays(bowls, start, h))};
}

/** What a test compares with `revorder.run` and with torch's derivatives. */
export function compared(settings) {
  const {forward, backward, correction, gap, missed, sweep, prices} = windowStates(settings);
  return {
    forward, backward, correction, prices: [prices.forward, prices.backward, prices.corrected, prices.pairs],
    gaps: [gap, ...sweep.map(each => each.gap)], missed: [missed, ...sweep.map(each => each.missed)],
  };
}
