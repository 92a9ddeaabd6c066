// How much of the gap the bracket misses in recorded networks: at one learning rate for all sizes, and for one size.

import {aboutTrend} from "./trends.js";

const FITTED = 0.003; // slopes are fitted over learning rates from this one on

/** map: shares (widths, sizes) at lr; gap, error: medians by rate; share: quartiles by rate; other: the other activation's
 *  median shares by rate; slopes: of gap and error. */
export function kinksStates({recording, activation, width, batch_size, lr}) {
  const {widths, sizes, rates} = recording, own = recording[activation];
  const w = widths.indexOf(width), b = sizes.indexOf(batch_size), h = rates.indexOf(lr);
  const gap = own.gap[w][b], error = own.error[w][b], late = rates.map((_, i) => i).filter(i => rates[i] >= FITTED);
  const logs = values => late.map(i => Math.log(values[i]));
  return {
    at: [w, b, h], gap, error,
    map: own.middle.map(row => row.map(each => each[h])),
    share: ["low", "middle", "high"].map(name => own[name][w][b]),
    other: recording[activation === "ReLU" ? "tanh" : "ReLU"].middle[w][b],
    slopes: [gap, error].map(values => aboutTrend(logs(rates), logs(values)).slope),
  };
}

/** What a test compares with NumPy. */
export function compared(settings) {
  const {map, gap, error, share, slopes} = kinksStates(settings);
  return {map, gap, error, share, slopes};
}
