// The states of the chaos game, forward and backward on the same tosses.

import {backwardFrom, forwardRun} from "./corner_maps.js";
import {LATE, seedEnds} from "./seed_ends.js";
import {tossed} from "./tossed.js";

export const MOST = 20000; // steps of a run, and seeds
const STILL = 400; // from here on backward's state no longer changes in float64: 0.9^400 < 1e-18

/** start, corners: points [x, y]. Backward stands still after 400 steps. Of seed k: `ofSeed(k)` are its tosses,
 *  `endOfSeed(k)` is [x, y, the corner of its batch 0]. */
export function chaosStates({lr, seed, start, corners}) {
  const drawn = tossed(seed, MOST), game = {lr, start, corners}, many = () => tossed(seed, MOST * LATE, 3, 1);
  return {
    drawn, forward: forwardRun(drawn, game), backward: backwardFrom(drawn, 0, STILL, game),
    ofSeed: k => many().subarray(k * LATE, (k + 1) * LATE), endOfSeed: seedEnds({...game, seed}, MOST),
  };
}

/** What a test compares with `revorder.run`: the first 40 steps, 20 seeds, and the frame at the depth chosen. */
export function compared(settings) {
  const {drawn, forward, backward, endOfSeed} = chaosStates(settings), depth = Math.floor(settings.depth);
  const pairs = ({x, y}, n) => Array.from({length: n + 1}, (_, i) => [x[i], y[i]]);
  return {
    forward: pairs(forward, 40), backward: pairs(backward, 40),
    ends: Array.from({length: 20}, (_, k) => endOfSeed(k).slice(0, 2)),
    zoomed: pairs(backwardFrom(drawn, depth, LATE, settings), LATE),
  };
}
