// Recorded training runs: how far a loss is spread about the straight line that fits its last looks best.

import {aboutTrend} from "./trends.js";

export const LAST = 50; // looks

/** The last looks up to look number `end` (not included). */
export function lastLooks({looks}, losses, end) {
  const from = Math.max(0, end - LAST),
    xs = looks.slice(from, end),
    ys = losses.slice(from, end);
  return {xs, ys, ...aboutTrend(xs, ys)};
}

/** At each rate the spread of each order over its last looks, and both paths at the rate lr. */
export function learningRatesStates({lr, recording}) {
  const at = recording.rates.indexOf(lr),
    found = {at, spread: {}, path: {}};
  for (const order of ["forward", "backward"]) {
    found.spread[order] = recording[order].map(losses => lastLooks(recording, losses, losses.length).spread);
    found.path[order] = recording[order][at];
  }
  return found;
}

/** What a test compares with NumPy. */
export function compared(settings) {
  const {recording} = settings,
    {spread, path} = learningRatesStates(settings);
  const trend = order => lastLooks(recording, path[order], path[order].length).line;
  return {
    forward: spread.forward,
    backward: spread.backward,
    forward_trend: trend("forward"),
    backward_trend: trend("backward"),
  };
}
