// Recorded losses under several updates: spreads about the trend, forward and backward, and their ratios.

import {geometric} from "./intervals.js";
import {aboutTrend} from "./trends.js";

/** For every setting the spreads of all seeds in both orders, and mean and interval of backward's over forward's. */
export function steadyStates({recording}) {
  const {looks, quantile} = recording;
  const spreads = order => recording[order].map(rows => rows.map(losses => aboutTrend(looks, losses).spread));
  const forward = spreads("forward"), backward = spreads("backward");
  const each = forward.map((row, i) => row.map((spread, s) => backward[i][s] / spread));
  return {forward, backward, each, ratios: each.map(row => geometric(row, quantile))};
}

/** What a test compares with NumPy. */
export function compared(settings) {
  const {forward, backward, ratios} = steadyStates(settings);
  return {forward, backward, ratios: [0, 1, 2].map(i => ratios.map(band => band[i]))};
}
