// The states of one number under coin tosses, θ -> θ - h (θ - x) from 0, and the law of its end over many seeds.

import {bits} from "./random.js";
import {pathsTowards} from "./words.js";

export const TOSSES = 20, CELLS = 256, SEEDS = 4000;
const HALF = TOSSES / 2, STREAMS = {forward: 1, backward: 2};

/** tosses: a text of 0 and 1, oldest first. law(n): the law of the end at step n, remembered once it was asked for. */
export function digitStates({tosses, lr, seed}) {
  const x = Array.from(tosses, Number), laws = new Map();
  const law = n => laws.get(n) ?? laws.set(n, lawAt(n, lr, seed)).get(n);
  return {x, law, ...pathsTowards(lr, x, 0)};
}

/** Weights of batches 0 … n - 1 in the state at step n. */
function tossWeights(order, n, lr) {
  return Array.from({length: n}, (_, i) => lr * (1 - lr) ** (order === "forward" ? n - 1 - i : i));
}

/** The sums of all subsets of weights: bit i of the index says whether weight i is in it. */
function subsetSums(weights) {
  const sums = new Float64Array(2 ** weights.length);
  weights.forEach((weight, i) => {
    for (let k = 0, size = 2 ** i; k < size; k++) sums[size + k] = sums[k] + weight;
  });
  return sums;
}

/** P(state < j / CELLS) at step n for j = 0 … CELLS, exact: of all 2^n sequences, in either order. */
export function exactBelow(n, lr) {
  const weights = tossWeights("backward", n, lr), below = new Float64Array(CELLS + 1);
  const first = subsetSums(weights.slice(0, HALF)), second = subsetSums(weights.slice(HALF)).sort();
  for (const sum of first) {
    let j = Math.ceil(sum * CELLS), count = 0;
    for (; j <= CELLS && count < second.length; j++) below[j] += count = countBelow(second, sum, j / CELLS);
    for (; j <= CELLS; j++) below[j] += second.length;
  }
  return below.map(count => count / 2 ** n);
}

/** How many of the ascending numbers, moved by `sum`, are below an edge. */
function countBelow(ascending, sum, edge) {
  let low = 0, high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sum + ascending[middle] < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

let drawn = {};

/** What each seed has tossed: bit i of its number is toss i. */
function drawnBits(order, seed) {
  if (drawn.seed !== seed) drawn = {seed};
  return drawn[order] ??= Uint32Array.from({length: SEEDS}, (_, k) => bits(seed, k, STREAMS[order]));
}

/** The ends at step n of many seeds; forward and backward have tosses of their own. */
export function seedEnds(order, n, lr, seed) {
  const weights = tossWeights(order, n, lr);
  const first = subsetSums(weights.slice(0, HALF)), second = subsetSums(weights.slice(HALF));
  return Float64Array.from(drawnBits(order, seed), toss =>
    first[toss & (first.length - 1)] + second[(toss >>> HALF) & (second.length - 1)]);
}

/** Fractions of the seeds in each cell. */
function cellShares(ends) {
  const shares = new Float64Array(CELLS);
  for (const end of ends) shares[Math.min(CELLS - 1, Math.floor(end * CELLS))] += 1 / ends.length;
  return shares;
}

function lawAt(n, lr, seed) {
  const below = exactBelow(n, lr), law = {exact: Float64Array.from({length: CELLS}, (_, j) => below[j + 1] - below[j])};
  let difference = 0, worst = 0;
  for (const order of ["forward", "backward"]) law[order] = cellShares(seedEnds(order, n, lr, seed));
  for (let j = 0; j < CELLS; j++) {
    difference += law.forward[j] - law.backward[j];
    worst = Math.max(worst, Math.abs(difference));
  }
  return {...law, distance: worst};
}

/** What a test compares with `revorder.run`: both paths, the exact law, the ends of the first 200 seeds. */
export function compared(settings) {
  const {forward, backward} = digitStates(settings), {step, lr, seed} = settings;
  const few = order => seedEnds(order, step, lr, seed).slice(0, 200);
  return {forward, backward, below: exactBelow(step, lr), ends_forward: few("forward"), ends_backward: few("backward")};
}
