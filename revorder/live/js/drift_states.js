// One number, θ -> θ - h (θ - x) from 0, on noisy batches whose mean jumps from 0 to 1.

import {pathsTowards} from "./words.js";
import {normal} from "./random.js";

export const DRIFT_STEPS = 200, SPREAD = 0.5;

/** Weights of batches 0 … n - 1 in the state at step n; window: 0 for forward, n or more for backward. */
export function windowWeights(n, lr, window) {
  const first = Math.max(0, n - window);
  return Float64Array.from({length: n}, (_, i) => lr * (1 - lr) ** (i < first ? n - 1 - i : i - first));
}

/** Path of backward-window: the newest batches in reverse, on top of forward's state before them. */
function windowPath(x, lr, window, forward) {
  return forward.map((_, n) => {
    const first = Math.max(0, n - window);
    let state = forward[first];
    for (let i = n - 1; i >= first; i--) state -= lr * (state - x[i]);
    return state;
  });
}

/** What is expected at each step: a batch counts with its weight once its mean is 1. */
function expectedPath(jump, lr, window) {
  return Array.from({length: DRIFT_STEPS + 1}, (_, n) => {
    const first = Math.max(0, n - window), after = k => 1 - (1 - lr) ** k;
    const inside = Math.max(0, n - Math.max(jump, first)), before = Math.max(0, first - jump);
    const newer = (1 - lr) ** (n - first - inside) * after(inside);
    return newer + (1 - lr) ** (n - first) * after(before);
  });
}

/** x, and for every order shown its path and what is expected of it. */
export function driftStates({jump, lr, seed, window}) {
  const x = Array.from({length: DRIFT_STEPS}, (_, i) => (i < jump ? 0 : 1) + SPREAD * normal(seed, i));
  const {forward, backward} = pathsTowards(lr, x, 0);
  const other = windowPath(x, lr, window, forward), widths = {forward: 0, backward: DRIFT_STEPS, other: window};
  const expected = Object.entries(widths).map(([name, width]) => [name, expectedPath(jump, lr, width)]);
  return {x, paths: {forward, backward, other}, expected: Object.fromEntries(expected)};
}

/** What a test compares with `revorder.run`: the batches, and two steps. */
export function compared(settings) {
  const {x, paths, expected} = driftStates(settings), few = values => [15, 40].map(n => values[n]);
  const found = {x};
  for (const name of Object.keys(paths)) {
    found[name] = few(paths[name]);
    found[`expected_${name}`] = few(expected[name]);
  }
  return found;
}
