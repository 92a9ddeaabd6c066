// Coupled runs, recorded: gaps over those at step 0, their geometric means over seeds, and intervals.

import {geometric} from "./intervals.js";

export const QUANTITIES = ["parameters", "logits", "probabilities"];
export const TURN = 400; // steps: later gaps are compared with those here, when the first transient is over

/** At the rate and the start that are set: gaps of each quantity (seeds, looks), and mean and interval at each look. */
export function gapsStates({lr, start, recording}) {
  const {looks, quantile, rates} = recording, at = rates.indexOf(lr), turn = looks.indexOf(TURN);
  const gaps = Object.fromEntries(QUANTITIES.map(name => [name, recording.gaps[start][name][at]]));
  const bands = Object.fromEntries(QUANTITIES.map(name =>
    [name, looks.map((_, k) => geometric(gaps[name].map(row => row[k]), quantile))]));
  const since = (name, k) => geometric(gaps[name].map(row => row[k] / row[k > turn ? turn : 0]), quantile);
  return {at, turn, gaps, bands, since, losses: recording.loss[at]};
}

/** What a test compares with NumPy. */
export function compared(settings) {
  const {bands, since} = gapsStates(settings), last = settings.recording.looks.length - 1, found = {};
  for (const name of QUANTITIES) {
    found[name] = [0, 1, 2].map(i => bands[name].map(band => band[i]));
    found[`${name}_later`] = since(name, last);
  }
  return found;
}
