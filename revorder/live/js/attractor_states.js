// Points of the chaos game on an upright triangle, and how many boxes of side 2^-k hold some of them.

import {backwardFrom} from "./corner_maps.js";
import {seedEnds} from "./seed_ends.js";
import {tossed} from "./tossed.js";

export const POINTS = 40000, DEEPEST = 7, FITTED = [2, 3, 4, 5, 6]; // depths of the boxes that the slope is fitted to
export const UPRIGHT = [[0, 0], [1, 0], [0, 1]];
const SETTLING = 100, STILL_AFTER = 400; // steps of backward that are left out; 0.8^400 is below float64

/** xs, ys of all points: forward's steps from 1 on, backward's from 101 on, or backward's step 30 of each seed. */
export function attractorPoints({lr, seed, dots}) {
  const xs = new Float64Array(POINTS), ys = new Float64Array(POINTS);
  const places = {forward: forwardPlaces, backward: backwardPlaces, seeds: game => seedEnds(game, POINTS)}[dots];
  const place = places({lr, seed, start: UPRIGHT[0], corners: UPRIGHT});
  for (let i = 0; i < POINTS; i++) [xs[i], ys[i]] = place(i);
  return {xs, ys};
}

function forwardPlaces({lr, seed}) {
  const drawn = tossed(seed, POINTS);
  let x = 0, y = 0;
  return i => {
    x -= lr * (x - (drawn[i] === 1 ? 1 : 0));
    y -= lr * (y - (drawn[i] === 2 ? 1 : 0));
    return [x, y];
  };
}

function backwardPlaces(game) {
  const {x, y} = backwardFrom(tossed(game.seed, POINTS), 0, STILL_AFTER, game);
  return i => [x, y].map(path => path[Math.min(SETTLING + 1 + i, STILL_AFTER)]);
}

/** Which boxes of side 2^-depth hold one of the first n points: 1 or 0 for each, row by row. */
export function boxesHeld({xs, ys}, n, depth) {
  const side = 2 ** depth, held = new Uint8Array(side * side);
  for (let i = 0; i < n; i++) {
    const column = Math.min(side - 1, Math.floor(xs[i] * side)), row = Math.min(side - 1, Math.floor(ys[i] * side));
    held[row * side + column] = 1;
  }
  return held;
}

/** The boxes of twice the side. */
function merged(held) {
  const side = Math.sqrt(held.length), half = side / 2, found = new Uint8Array(half * half);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) found[(row >> 1) * half + (column >> 1)] |= held[row * side + column];
  }
  return found;
}

/** For depths 0 … 7: the boxes, and their number. */
export function boxesOf(points, n) {
  const boxes = [boxesHeld(points, n, DEEPEST)];
  while (boxes[0].length > 1) boxes.unshift(merged(boxes[0]));
  return {boxes, counts: boxes.map(held => held.reduce((sum, one) => sum + one, 0))};
}

/** The slope of log N against log 1/s over the depths that are fitted, by least squares. */
export function slopeOf(counts) {
  const middle = FITTED.reduce((sum, k) => sum + k, 0) / FITTED.length;
  const above = FITTED.reduce((sum, k) => sum + (k - middle) * Math.log2(counts[k]), 0);
  return above / FITTED.reduce((sum, k) => sum + (k - middle) ** 2, 0);
}

/** log 3 / log 1/(1 - h): the dimension from h = ½ on; below, where copies overlap, only an upper bound. */
export function similarity(lr) {
  return Math.log(3) / -Math.log(1 - lr);
}

/** What a test compares with `revorder.run`: 40 points, their boxes and the slope. */
export function compared(settings) {
  const points = attractorPoints(settings), {counts} = boxesOf(points, 40);
  return {points: Array.from({length: 40}, (_, i) => [points.xs[i], points.ys[i]]), counts, slope: [slopeOf(counts)]};
}
