// Four spreads of the chaos game: along the path of one run and over seeds at one step, forward and backward.

import {tossed} from "./tossed.js";

export const TRIANGLE = [[0, 0], [1, 0], [0.5, 1]], STEPS = 500, SEEDS = 400, WINDOW = 50;
const XS = Float64Array.from(TRIANGLE, corner => corner[0]), YS = Float64Array.from(TRIANGLE, corner => corner[1]);

/** One run in both orders with forward's average, {x, y} each, and the four spreads of the height y at every step. */
export function spreadsStates({lr, seed, start}, steps = STEPS, seeds = SEEDS, window = WINDOW) {
  const drawn = tossed(seed, steps), many = tossed(seed, steps * seeds, 3, 1);
  const run = runOf(drawn, lr, start, steps), [forward, backward] = overSeeds(many, lr, start[1], steps, seeds);
  return {
    ...run, many, steps, overSeeds: {forward, backward},
    along: {forward: alongPath(run.forward.y, window), backward: alongPath(run.backward.y, window)},
  };
}

function runOf(drawn, lr, start, steps) {
  const path = () => ({x: new Float64Array(steps + 1), y: new Float64Array(steps + 1)});
  const forward = path(), backward = path(), average = path();
  for (const [d, corners] of [["x", XS], ["y", YS]]) {
    const first = start[d === "x" ? 0 : 1], [f, b, mean] = [forward[d], backward[d], average[d]];
    f[0] = b[0] = mean[0] = first;
    for (let i = 0, weight = 1, sum = 0, total = 0; i < steps; i++) {
      f[i + 1] = f[i] - lr * (f[i] - corners[drawn[i]]);
      sum += weight * lr * corners[drawn[i]];
      weight *= 1 - lr;
      b[i + 1] = weight * first + sum;
      total += f[i + 1];
      mean[i + 1] = total / (i + 1);
    }
  }
  return {forward, backward, average};
}

/** The standard deviation of the last `window` values up to each step, the start not among them. */
function alongPath(values, window) {
  const found = new Float64Array(values.length).fill(NaN);
  for (let n = 1; n < values.length; n++) {
    const first = Math.max(1, n - window + 1), count = n - first + 1;
    let mean = 0, squares = 0;
    for (let i = first; i <= n; i++) mean += values[i] / count;
    for (let i = first; i <= n; i++) squares += (values[i] - mean) ** 2;
    found[n] = Math.sqrt(squares / count);
  }
  return found;
}

/** The standard deviation of the height over seeds at each step, forward and backward, by Welford's method. */
function overSeeds(many, lr, start, steps, seeds) {
  const [fMean, fSquares, bMean, bSquares] = Array.from({length: 4}, () => new Float64Array(steps + 1));
  for (let k = 0; k < seeds; k++) {
    const part = 1 / (k + 1);
    let f = start, weight = 1, sum = 0;
    for (let i = 0; i < steps; i++) {
      const height = YS[many[k * steps + i]];
      f -= lr * (f - height);
      sum += weight * lr * height;
      weight *= 1 - lr;
      const b = weight * start + sum, fOff = f - fMean[i + 1], bOff = b - bMean[i + 1];
      fMean[i + 1] += part * fOff;
      fSquares[i + 1] += fOff * (f - fMean[i + 1]);
      bMean[i + 1] += part * bOff;
      bSquares[i + 1] += bOff * (b - bMean[i + 1]);
    }
  }
  return [fSquares, bSquares].map(squares => squares.map(each => Math.sqrt(each / (seeds - 1))));
}

/** F_n and B_n of one seed: [x, y] each. */
export function endsOfSeed({many, steps}, {lr, start}, k, n) {
  let [x, y] = start, weight = 1, bx = 0, by = 0;
  for (let i = k * steps; i < k * steps + n; i++) {
    const corner = many[i];
    x -= lr * (x - XS[corner]);
    y -= lr * (y - YS[corner]);
    bx += weight * lr * XS[corner];
    by += weight * lr * YS[corner];
    weight *= 1 - lr;
  }
  return [[x, y], [weight * start[0] + bx, weight * start[1] + by]];
}

/** The stationary standard deviation of the height: σ² = h / (2 - h) Var y, and Var y of the corners is 2/9. */
export function stationary(lr) {
  return Math.sqrt(lr / (2 - lr) * 2 / 9);
}

/** How near to the middle an iterate can come that starts in the triangle: the hole's radius, for h > 1/3. */
export function holeRadius(lr) {
  return Math.max(0, lr - 1 / 3) / Math.sqrt(1.25);
}

/** What a test compares with `revorder.run`: 16 steps, 10 seeds, the last 6 steps of the path. */
export function compared(settings) {
  const {forward, backward, average, along, overSeeds: seeds} = spreadsStates(settings, 16, 10, 6);
  const pairs = ({x, y}) => Array.from(x, (value, i) => [value, y[i]]);
  return {
    forward: pairs(forward), backward: pairs(backward), average: pairs(average),
    along_forward: along.forward.slice(1), along_backward: along.backward.slice(1),
    seeds_forward: seeds.forward, seeds_backward: seeds.backward,
  };
}
