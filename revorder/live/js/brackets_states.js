// Two steps in both orders over two bowls, at one learning rate and at several.

import {bothWays, BOWL_RATES, bowlOf} from "./bowls.js";

/** The bowls of batch 0 and batch 1. */
export function twoBowls({kind, angle, minimisers}) {
  const tilt = angle * Math.PI / 360;
  return minimisers.map((point, i) => bowlOf(kind, [...point, Math.PI / 4 + (i ? tilt : -tilt)]));
}

/** forward, backward: start and states; correction: the bracket; gap, missed: lengths; and of all rates `sweep`. */
export function bracketStates(settings) {
  const bowls = twoBowls(settings), {start, lr} = settings;
  return {...bothWays(bowls, start, lr), bowls, sweep: BOWL_RATES.map(h => bothWays(bowls, start, h))};
}

/** The longest gap over starts all over the plane. */
export function widestGap(settings) {
  const bowls = twoBowls(settings), at = [-2.5, -0.9, 0.6, 2.1];
  return Math.max(...at.flatMap(x => at.map(y => bothWays(bowls, [x, y], settings.lr).gap)));
}

/** What a test compares with `revorder.run` and with torch's derivatives. */
export function compared(settings) {
  const {forward, backward, correction, gap, missed, sweep} = bracketStates(settings);
  return {
    forward, backward, bracket: correction,
    gaps: [gap, ...sweep.map(each => each.gap)], missed: [missed, ...sweep.map(each => each.missed)],
  };
}
