// How near a backward path of the coin model is to its limit, and what two bounds say of it.

import {tosses} from "./random.js";
import {backwardAffine} from "./words.js";

export const BOUNDS_STEPS = 30;
const FAR = 400; // a step that counts as the limit: 0.9 to the power 400 is 5e-19

/** path: B_0 … B_30. limit: B_400. error, before, after: at the steps 1 … 30, how far from the limit B_n is, the
 *  a-priori bound on it, and Banach's a-posteriori one; fails: where the latter is below what it should bound. */
export function boundsStates({lr, seed, start}) {
  const drawn = tosses(seed, FAR), c = 1 - lr, all = backwardAffine(() => c, i => lr * drawn[i], start, FAR);
  const path = all.slice(0, BOUNDS_STEPS + 1), limit = all[FAR];
  const first = lr * Math.max(Math.abs(start), Math.abs(1 - start));
  const steps = path.slice(1).map((_, i) => i + 1), found = {drawn, path, limit};
  found.before = steps.map(n => c ** n / (1 - c) * first);
  // B_∞ - B_n = cⁿ (tail - θ_0), the tail being the limit of a run from batch n on: no two equal numbers are subtracted
  found.error = tails(drawn, lr).map((tail, i) => c ** (i + 1) * Math.abs(tail - start));
  found.after = steps.map(n => c / (1 - c) * c ** (n - 1) * lr * Math.abs(drawn[n - 1] - start));
  found.fails = steps.map((_, i) => Number(found.after[i] < found.error[i] * (1 - 1e-12)));
  return found;
}

/** The limits of the runs that begin with batch 1, 2, … 30. */
function tails(drawn, lr) {
  const found = [];
  let tail = 0.5;
  for (let i = FAR - 1; i >= 1; i--) {
    tail = (1 - lr) * tail + lr * drawn[i];
    if (i <= BOUNDS_STEPS) found.unshift(tail);
  }
  return found;
}

/** The longest row of failures up to step n. */
export function longestRow(fails, n) {
  let longest = 0, row = 0;
  for (let i = 0; i < n; i++) longest = Math.max(longest, row = fails[i] ? row + 1 : 0);
  return longest;
}

/** What a test compares with `revorder.run`. */
export function compared(settings) {
  const {path, limit, before, after, error, fails} = boundsStates(settings);
  return {path, limit: [limit], before, after, error: error.slice(0, 12), row: [longestRow(fails.slice(0, 12), 12)]};
}
