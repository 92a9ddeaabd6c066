// Recorded methods at the same learning rates: means over seeds, rates chosen on other seeds, paired differences.

import {meanOf, student} from "./intervals.js";

/** For each method the number of the rate with the smallest mean over the tuning seeds. */
export function tunedRates({tuning}) {
  return tuning.map(rates => {
    const means = rates.map(losses => meanOf(losses)).map(value => (Number.isFinite(value) ? value : Infinity));
    return means.indexOf(Math.min(...means));
  });
}

/** What is compared of the runs of a method at a rate, seed by seed: losses at the end, or spreads along the path. */
function endsOf({paths, spreads}, shown, method, rate) {
  return shown === "loss" ? paths[method][rate].map(path => path.at(-1)) : spreads[method][rate];
}

/** Own values minus others', seed by seed: their mean with Student's interval, and at how many seeds it is negative. */
export function pairedDifference(own, others, t) {
  const gaps = own.map((value, i) => (value ?? NaN) - (others[i] ?? NaN)), [middle, low, high] = student(gaps, t);
  return {gaps, middle, low, high, better: gaps.filter(gap => gap < 0).length};
}

/** Mean, lowest and highest loss of a method at a rate at each look; NaN where a seed is not finite. */
function pathOf({paths, looks}, method, rate) {
  const at = looks.map((_, k) => paths[method][rate].map(path => path[k] ?? NaN));
  return {mean: at.map(meanOf), low: at.map(v => Math.min(...v)), high: at.map(v => Math.max(...v))};
}

/** Everything that is drawn. In "own" each method stands at its tuned rate, but the selected one at the selected rate;
 *  in "same" all stand at the selected rate, the reference too. */
export function methodsByRateStates({recording, method, lr, reference, shown, rates}) {
  const {methods, rates: grid, t} = recording,
    tuned = tunedRates(recording),
    row = methods.indexOf(method),
    base = methods.indexOf(reference),
    at = grid.indexOf(lr);
  const baseAt = rates === "same" ? at : tuned[base],
    used = methods.map((_, m) => (rates === "same" || m === row ? at : tuned[m]));
  const others = endsOf(recording, shown, base, baseAt);
  return {
    tuned,
    row,
    base,
    at,
    baseAt,
    used,
    means: methods.map((_, m) => grid.map((_, r) => meanOf(endsOf(recording, shown, m, r)))),
    rows: methods.map((_, m) => pairedDifference(endsOf(recording, shown, m, used[m]), others, t)),
    path: pathOf(recording, row, at),
    basePath: pathOf(recording, base, baseAt),
  };
}

/** What a test compares with NumPy. */
export function compared(settings) {
  const {tuned, used, means, rows, path, basePath} = methodsByRateStates(settings);
  const of = name => rows.map(each => each[name]);
  return {tuned, used, means, difference: of("middle"), low: of("low"), high: of("high"), better: of("better"),
    path: path.mean, base: basePath.mean};
}
