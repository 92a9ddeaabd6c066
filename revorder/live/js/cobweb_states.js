// Two starts under θ -> θ - h (θ - x), with one, two or three batches x: their paths in both orders.

import {tosses} from "./random.js";
import {pathsTowards, word} from "./words.js";

export const COBWEB_STEPS = 20;
const VALUES = {1: [1], 2: [0, 1], 3: [0, 0.5, 1]};

/** The batches that there are, and the sequence of them: COBWEB_STEPS numbers, batch 0 first. */
export function cobwebBatches({batches, seed}) {
  const values = VALUES[batches];
  return {values, drawn: tosses(seed, COBWEB_STEPS, batches).map(i => values[i])};
}

/** forward, backward: [a's states, b's states], each at the steps 0 … COBWEB_STEPS. */
export function cobwebStates(settings) {
  const {lr, a, b} = settings, {values, drawn} = cobwebBatches(settings);
  const runs = [a, b].map(start => pathsTowards(lr, drawn, start));
  return {values, drawn, forward: runs.map(run => run.forward), backward: runs.map(run => run.backward)};
}

/** All states on the way to F_n or B_n, from both starts: each batch of the word is applied to the state before. */
export function cobwebWay({lr, a, b}, drawn, order, n) {
  const applied = word(order, n).map(i => drawn[i]);
  return [a, b].map(start => applied.reduce((way, x) => [...way, way.at(-1) - lr * (way.at(-1) - x)], [start]));
}

/** The largest of the moves of both runs in the last five steps before n. */
export function lastMoves(paths, n) {
  const moves = [];
  for (let k = Math.max(1, n - 4); k <= n; k++) paths.forEach(path => moves.push(Math.abs(path[k] - path[k - 1])));
  return Math.max(0, ...moves);
}

/** Whether backward has settled at the last step: no move of the last five is as large as 0.001. */
export function cobwebSettles(settings) {
  return lastMoves(cobwebStates(settings).backward, COBWEB_STEPS) < 0.001;
}

/** What a test compares with `revorder.run`. */
export function compared(settings) {
  const {forward, backward, drawn} = cobwebStates(settings), n = Math.min(settings.step, COBWEB_STEPS);
  const way = cobwebWay(settings, drawn, settings.web, n);
  return {forward, backward, way, settles: [Number(cobwebSettles(settings))]};
}
