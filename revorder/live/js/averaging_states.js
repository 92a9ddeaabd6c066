// Four ways to use N batches of coin tosses as an estimate of the minimiser ½: backward, mean, EMA, the tosses' mean.

import {toss} from "./random.js";

export const RUNS = 256, MOST_BATCHES = 1000;
const COMPARED_STEPS = 30;

let tossedRuns = {seed: null};

/** Toss n of run k at n · RUNS + k, made once for a seed. */
function runsOf(seed) {
  const make = () => Uint8Array.from({length: MOST_BATCHES * RUNS}, (_, i) => toss(seed, i));
  if (tossedRuns.seed !== seed) tossedRuns = {seed, all: make()};
  return tossedRuns.all;
}

/** One run: forward θ, backward B, mean of θ_1 … θ_N and EMA, for N = 0 … `steps`; at 0 all are the start. */
export function runOf({lr, decay, start, seed}, k = 0, steps = MOST_BATCHES) {
  const all = runsOf(seed), names = ["theta", "backward", "mean", "ema"];
  const path = Object.fromEntries(names.map(name => [name, new Float64Array(steps + 1).fill(start)]));
  for (let n = 1, theta = start, sum = 0, ema = start, weight = 1, older = 0; n <= steps; n++) {
    const x = all[(n - 1) * RUNS + k];
    theta -= lr * (theta - x);
    sum += theta;
    ema = decay * ema + (1 - decay) * theta;
    older += weight * lr * x;
    weight *= 1 - lr;
    path.theta[n] = theta;
    path.backward[n] = weight * start + older;
    path.mean[n] = sum / n;
    path.ema[n] = ema;
  }
  return path;
}

/** Room for the errors of three ways at N = 0 … MOST_BATCHES, all the same as yet. */
function errorsFrom(square) {
  const ways = ["backward", "mean", "ema"];
  return Object.fromEntries(ways.map(way => [way, new Float64Array(MOST_BATCHES + 1).fill(square)]));
}

/** The mean square error over all runs, for N = 0 … MOST_BATCHES. */
function simulated(settings) {
  const all = runsOf(settings.seed), {lr, decay, start} = settings, errors = errorsFrom((start - 0.5) ** 2);
  const [theta, ema, sum, older] = [start, start, 0, 0].map(value => new Float64Array(RUNS).fill(value));
  for (let n = 1, weight = 1; n <= MOST_BATCHES; n++) {
    let [b, m, e] = [0, 0, 0];
    const next = weight * (1 - lr), from = (n - 1) * RUNS;
    for (let k = 0; k < RUNS; k++) {
      const x = all[from + k];
      theta[k] -= lr * (theta[k] - x);
      sum[k] += theta[k];
      ema[k] = decay * ema[k] + (1 - decay) * theta[k];
      older[k] += weight * lr * x;
      b += (next * start + older[k] - 0.5) ** 2;
      m += (sum[k] / n - 0.5) ** 2;
      e += (ema[k] - 0.5) ** 2;
    }
    weight = next;
    errors.backward[n] = b / RUNS;
    errors.mean[n] = m / RUNS;
    errors.ema[n] = e / RUNS;
  }
  return errors;
}

/** The same errors over all seeds, from the second moments of θ, of the sum and of the EMA, around ½. */
export function exactErrors({lr, decay, start}) {
  const c = 1 - lr, kick = lr * lr / 4, square = (start - 0.5) ** 2, sigma2 = lr / (2 - lr) / 4;
  const found = errorsFrom(square);
  let theta = square, sum = 0, sumTheta = 0, ema = square, emaTheta = square;
  for (let n = 1; n <= MOST_BATCHES; n++) {
    const next = c * c * theta + kick;
    sum += 2 * c * sumTheta + next;
    sumTheta = c * sumTheta + next;
    ema = decay ** 2 * ema + 2 * decay * (1 - decay) * c * emaTheta + (1 - decay) ** 2 * next;
    emaTheta = decay * c * emaTheta + (1 - decay) * next;
    theta = next;
    found.backward[n] = sigma2 + c ** (2 * n) * (square - sigma2);
    found.mean[n] = sum / n ** 2;
    found.ema[n] = ema;
  }
  return found;
}

/** The N from which on the mean of forward is closer to the minimiser than backward; Infinity if it is not yet. */
export function firstAhead({mean, backward}) {
  let n = MOST_BATCHES;
  while (n > 0 && mean[n] < backward[n]) n -= 1;
  return n < MOST_BATCHES ? n + 1 : Infinity;
}

export function averagingStates(settings) {
  const exact = exactErrors(settings), worth = (2 - settings.lr) / settings.lr;
  return {exact, simulated: simulated(settings), path: runOf(settings), first: firstAhead(exact), worth};
}

/** What a test compares: the first run with `revorder.run`, the simulated errors at 30, the exact ones at some N. */
export function compared(settings) {
  const {exact, path, simulated: errors} = averagingStates(settings), names = ["backward", "mean", "ema"];
  const some = all => Array.from({length: 11}, (_, i) => all[i * MOST_BATCHES / 10]);
  return {
    ...Object.fromEntries(Object.entries(path).map(([name, all]) => [name, all.slice(0, COMPARED_STEPS + 1)])),
    exact: names.map(name => some(exact[name])),
    simulated: names.map(name => errors[name][COMPARED_STEPS]),
  };
}
