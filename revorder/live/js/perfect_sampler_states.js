// Draws of the coin model's law: backward to a depth with a certificate, and forward runs that stop when one likes.

import {coinCdf} from "./coin_law.js";
import {toss} from "./random.js";

export const SAMPLES = 2000, LONGEST = 40, SIZES = [10, 20, 50, 100, 200, 500, 1000, 2000];

/** The smallest n with rateⁿ / (1 - rate) · firstMove <= tol. */
export function stepsNeeded(rate, firstMove, tol) {
  let n = 0;
  while (rate ** n / (1 - rate) * firstMove > tol * (1 + 1e-12)) n += 1;
  return n;
}

/** No batch moves this start by more. */
export function firstMoveOf({lr, start}) {
  return lr * Math.max(Math.abs(start), Math.abs(1 - start));
}

let rows = {seed: null};

/** Row k: the tosses of draw k, made once for a seed. */
function rowsOf(seed) {
  if (rows.seed !== seed) rows = {seed, all: Uint8Array.from({length: SAMPLES * LONGEST}, (_, i) => toss(seed, i))};
  return rows.all;
}

/** The end of every draw: its first n tosses are applied from the last to the first (backward), or as they come. */
function endsOf({lr, seed, start}, n, order) {
  const all = rowsOf(seed);
  return Float64Array.from({length: SAMPLES}, (_, k) => {
    let theta = start;
    for (let i = 0; i < n; i++) theta -= lr * (theta - all[k * LONGEST + (order === "backward" ? n - 1 - i : i)]);
    return theta;
  });
}

/** The Kolmogorov-Smirnov distance of the first `size` draws from the exact law; heights: its CDF at each draw. */
export function ksOf(heights, size) {
  const sorted = heights.slice(0, size).sort();
  let most = 0;
  sorted.forEach((height, i) => { most = Math.max(most, (i + 1) / size - height, height - i / size); });
  return most;
}

/** What no number of draws can undercut: each of the 2ⁿ values carries 2^-n, and the exact law lies around it. */
export function leastKs({lr, start}, n) {
  const below = coinCdf(start, lr);
  return 0.5 ** n * Math.max(below, 1 - below);
}

function sampleOf(settings, n, order) {
  const ends = endsOf(settings, n, order), known = new Map();
  const heights = ends.map(x => {
    if (!known.has(x)) known.set(x, coinCdf(x, settings.lr));
    return known.get(x);
  });
  return {n, ends, heights, distances: SIZES.map(size => ksOf(heights, size)), least: leastKs(settings, n)};
}

/** settings: lr in [½, 1), tol, seed, start, stopped: the steps of the forward runs. */
export function samplerStates(settings) {
  const depth = stepsNeeded(1 - settings.lr, firstMoveOf(settings), settings.tol);
  return {backward: sampleOf(settings, depth, "backward"), forward: sampleOf(settings, settings.stopped, "forward")};
}

/** What a test compares with `revorder.run`: the first 50 draws, and the distances of all sizes. */
export function compared(settings) {
  const {backward, forward} = samplerStates(settings);
  return {
    depth: [backward.n], backward: backward.ends.slice(0, 50), forward: forward.ends.slice(0, 50),
    backward_distances: backward.distances, forward_distances: forward.distances,
  };
}
