// Coupling from the past on coin tosses, θ -> θ - h (θ - x): toss 0 has just come, toss 1 came before it, and so on.

import {coinShares} from "./coin_law.js";
import {toss} from "./random.js";

export const PAST = 40, MOST_DRAWS = 2000, BINS = 27;

/** Row k: the tosses of draw k + 1, the newest first. */
function pastTosses(seed, draws) {
  return Uint8Array.from({length: draws * PAST}, (_, i) => toss(seed, i));
}

/** A pair of runs, from 0 and from 1, on tosses in the order in which they are applied: their states at every step. */
export function pair(applied, lr) {
  const states = [[0, 1]];
  for (const x of applied) states.push(states.at(-1).map(theta => theta - lr * (theta - x)));
  return states;
}

/** The pair's ends for n = 0 … PAST, if the n tosses are applied from the oldest to the newest: backward. */
function arrivalsOfPairs(tossed, lr) {
  const ends = [[0, 1]];
  for (let i = 0, weight = 1, sum = 0; i < tossed.length; i++) {
    sum += weight * lr * tossed[i];
    weight *= 1 - lr;
    ends.push([sum, weight + sum]);
  }
  return ends;
}

/** Where the run from ½ that started n tosses ago stands now, for every draw: the middle of its bracket. */
export function arrivals({all, draws, lr}, n) {
  const weights = Array.from({length: n}, (_, i) => lr * (1 - lr) ** i), rest = 0.5 * (1 - lr) ** n;
  return Float64Array.from({length: draws}, (_, k) => {
    let sum = rest;
    for (let i = 0; i < n; i++) sum += weights[i] * all[k * PAST + i];
    return sum;
  });
}

let kept = {};

/** What stays the same while only some settings move. */
function keptFor(name, key, compute) {
  if (kept[name]?.key !== key) kept[name] = {key, value: compute()};
  return kept[name].value;
}

/** The last draw's tosses and pairs, all tosses, and the exact law's shares. */
export function cftpStates({lr, seed, draws}) {
  const all = keptFor("all", `${seed} ${draws}`, () => pastTosses(seed, draws));
  const tossed = all.slice((draws - 1) * PAST), law = keptFor("law", lr, () => coinShares(lr, BINS));
  return {all, draws, lr, tossed, law, forward: pair(tossed, lr), backward: arrivalsOfPairs(tossed, lr)};
}

/** How many of the arrivals lie in each of BINS equal parts of [0, 1]. */
export function counted(found) {
  const counts = new Uint32Array(BINS);
  for (const x of found) counts[Math.min(BINS - 1, Math.floor(x * BINS))] += 1;
  return counts;
}

/** What a test compares with `revorder.run`; `past`: the pair that started `step` tosses ago, until now. */
export function compared(settings) {
  const states = cftpStates(settings), {step, lr} = settings;
  const past = pair(states.tossed.slice(0, step).reverse(), lr);
  return {forward: states.forward, backward: states.backward, past, arrivals: arrivals(states, step)};
}
