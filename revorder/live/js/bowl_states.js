// A bowl with noise: batch i is the map θ -> θ - h (Hθ - x_i), with one Hessian H for all; many runs, in any order.

import {normal} from "./random.js";
import {word} from "./words.js";

export const BOWL_STEPS = 200, BOWL_SEEDS = 200;
const NOISE = [1, 0.25], TURN = Math.PI / 6, STREAM = 5; // variances of x along θ₁, θ₂; turn of the steep axis
const AXES = [[Math.cos(TURN), Math.sin(TURN)], [-Math.sin(TURN), Math.cos(TURN)]]; // steep, flat
const ALONG = AXES.map(a => AXES.map(b => NOISE[0] * a[0] * b[0] + NOISE[1] * a[1] * b[1])); // covariance along them
const KEPT_NOISE = new Map();

/** All x of a seed in the axes of the bowl: run k, batch i, axis d at (k · steps + i) · 2 + d. */
function bowlNoise(seed) {
  if (!KEPT_NOISE.has(seed)) {
    const made = new Float64Array(2 * BOWL_SEEDS * BOWL_STEPS), [p, q] = NOISE.map(Math.sqrt);
    for (let at = 0; at < made.length; at += 2) {
      const x = p * normal(seed, at, STREAM), y = q * normal(seed, at + 1, STREAM);
      AXES.forEach((axis, d) => { made[at + d] = axis[0] * x + axis[1] * y; });
    }
    if (KEPT_NOISE.size > 3) KEPT_NOISE.clear();
    KEPT_NOISE.set(seed, made);
  }
  return KEPT_NOISE.get(seed);
}

export function curvatures(condition) {
  return [1, 1 / condition];
}

/** The stationary covariance in the axes of the bowl, [steep, flat, between]; none from h = 2 on.
 *  Σ = AΣA + h²S with a diagonal A = I - hH: each entry stands alone. */
export function bowlCovariance(lr, condition) {
  if (lr >= 2) return null;
  const c = curvatures(condition).map(curvature => 1 - lr * curvature);
  return [[0, 0], [1, 1], [0, 1]].map(([a, b]) => lr ** 2 * ALONG[a][b] / (1 - c[a] * c[b]));
}

/** tr Σ: exactly, or in the limit of small learning rates. */
export function bowlVariance(lr, condition, small = false) {
  if (small) return curvatures(condition).reduce((sum, l, d) => sum + lr * ALONG[d][d] / (2 * l), 0);
  const found = bowlCovariance(lr, condition);
  return found ? found[0] + found[1] : Infinity;
}

/** [steep, flat] -> [θ₁, θ₂], and back. */
export const fromAxes = ([u, v]) => [0, 1].map(k => u * AXES[0][k] + v * AXES[1][k]);
const toAxes = point => AXES.map(axis => axis[0] * point[0] + axis[1] * point[1]);

/** cloud(order, n): states of all runs at step n, [θ₁, θ₂, θ₁, θ₂, …]; path(order, from, n): of run 0. */
export function bowlStates({lr, condition, seed, start}) {
  const noise = bowlNoise(seed), begun = toAxes(start), kept = new Map();
  const factors = curvatures(condition).map(l => 1 - lr * l);
  const weights = (order, n) => {
    const found = [new Float64Array(n), new Float64Array(n)], batches = word(order, n);
    const power = [lr, lr];
    for (let after = 0; after < n; after++) {
      for (const d of [0, 1]) {
        found[d][batches[n - 1 - after]] = power[d];
        power[d] *= factors[d];
      }
    }
    return {found, rest: power.map((p, d) => p / lr * begun[d])};
  };
  const state = ({found: [w, v], rest}, run, n) => {
    let [steep, flat] = rest;
    for (let i = 0, at = 2 * run * BOWL_STEPS; i < n; i++, at += 2) {
      steep += w[i] * noise[at];
      flat += v[i] * noise[at + 1];
    }
    return fromAxes([steep, flat]);
  };
  const made = (order, n) => {
    const found = new Float64Array(2 * BOWL_SEEDS), weighed = weights(order, n);
    for (let run = 0; run < BOWL_SEEDS; run++) found.set(state(weighed, run, n), 2 * run);
    return found;
  };
  const cloud = (order, n) => {
    const key = `${order} ${n}`;
    if (!kept.has(key)) kept.set(key, made(order, n));
    return kept.get(key);
  };
  const one = (order, n) => state(weights(order, n), 0, n);
  return {cloud, path: (order, from, n) => Array.from({length: n - from + 1}, (_, i) => one(order, from + i))};
}

/** The largest of the last `count` moves of every run; infinite before there have been so many. */
export function lastBowlMoves({cloud}, order, n, count = 6) {
  const largest = new Float64Array(BOWL_SEEDS).fill(n < count ? Infinity : 0);
  for (let m = n; m > n - count && m > 0; m--) {
    const [to, from] = [cloud(order, m), cloud(order, m - 1)];
    largest.forEach((most, k) => {
      largest[k] = Math.max(most, Math.hypot(to[2 * k] - from[2 * k], to[2 * k + 1] - from[2 * k + 1]));
    });
  }
  return largest;
}

/** What a test compares with `revorder.run`: one run in three orders, all at step 60, and the covariance. */
export function compared(settings) {
  const {lr, condition, order} = settings, {cloud, path} = bowlStates(settings);
  const [p, q, r] = bowlCovariance(lr, condition) ?? [NaN, NaN, NaN], [u, v] = AXES;
  const entry = (i, k) => p * u[i] * u[k] + q * v[i] * v[k] + r * (u[i] * v[k] + v[i] * u[k]);
  return {
    forward: path("forward", 0, 60), backward: path("backward", 0, 60),
    other: [1, 2, 57].map(n => path(order, n, n)[0]), ends: cloud(order, 60),
    covariance: [0, 1].map(i => [0, 1].map(k => entry(i, k))),
    variances: [lr < 2 ? bowlVariance(lr, condition) : NaN, bowlVariance(lr, condition, true)],
  };
}
