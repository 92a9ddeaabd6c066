// Recorded training runs: how far a loss is spread about the straight line that fits its last looks best.

export const LAST = 50; // looks

/** The least-squares line through the losses ys, at xs, and the spread about it: NaN if one loss is not finite. */
export function aboutTrend(xs, ys) {
  const n = xs.length,
    mx = xs.reduce((a, b) => a + b, 0) / n,
    my = ys.reduce((a, b) => a + (b ?? NaN), 0) / n;
  let [sxy, sxx] = [0, 0];
  xs.forEach((x, i) => {
    sxy += (x - mx) * (ys[i] - my);
    sxx += (x - mx) ** 2;
  });
  const slope = sxx ? sxy / sxx : 0,
    line = xs.map(x => my + slope * (x - mx));
  return {line, spread: Math.sqrt(ys.reduce((sum, y, i) => sum + (y - line[i]) ** 2, 0) / n)};
}

/** The last looks up to look number `end` (not included). */
export function lastLooks({looks}, losses, end) {
  const from = Math.max(0, end - LAST),
    xs = looks.slice(from, end),
    ys = losses.slice(from, end);
  return {xs, ys, ...aboutTrend(xs, ys)};
}

/** At each rate the spread of each order over its last looks, and both paths at the rate lr. */
export function learningRatesStates({lr, recording}) {
  const at = recording.rates.indexOf(lr),
    found = {at, spread: {}, path: {}};
  for (const order of ["forward", "backward"]) {
    found.spread[order] = recording[order].map(losses => lastLooks(recording, losses, losses.length).spread);
    found.path[order] = recording[order][at];
  }
  return found;
}

/** What a test compares with NumPy. */
export function compared(settings) {
  const {recording} = settings,
    {spread, path} = learningRatesStates(settings);
  const trend = order => lastLooks(recording, path[order], path[order].length).line;
  return {
    forward: spread.forward,
    backward: spread.backward,
    forward_trend: trend("forward"),
    backward_trend: trend("backward"),
  };
}
