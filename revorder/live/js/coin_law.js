// The exact law that SGD on coin tosses settles into: X = h Σ c^i x_i, c = 1 - h (revorder/theory/bernoulli.py).

const DIGITS = 60, MODES = 256;

/** P(X <= x) for ½ <= lr < 1, where the pieces of the law do not overlap: exact at a point within rounding of x. */
export function coinCdf(x, lr) {
  let at = Math.min(1, Math.max(0, x)), total = 0, weight = 0.5;
  for (let i = 0; i < DIGITS; i++) {
    const upper = at >= lr;
    if (upper) total += weight;
    at = Math.min(1, Math.max(0, (upper ? at - lr : at) / (1 - lr)));
    weight /= 2;
  }
  return total + 2 * weight * at;
}

/** P(X <= x) at `points` for lr < ½, from the first modes of a Fourier series: within 2e-4. */
function coinSeries(points, lr) {
  const found = points.slice();
  for (let m = 1; m < MODES; m++) {
    let angle = Math.PI * m * lr, size = m % 2 ? -1 : 1;
    for (; angle > 0.05; angle *= 1 - lr) size *= Math.cos(angle);
    size *= Math.exp(-(angle ** 2) / 2 / (1 - (1 - lr) ** 2));
    if (Math.abs(size) < 1e-9) continue;
    points.forEach((x, i) => { found[i] += size * Math.sin(2 * Math.PI * m * x) / (Math.PI * m); });
  }
  return found;
}

/** The share of the law in each of `bins` equal parts of [0, 1], 0 < lr < 1. */
export function coinShares(lr, bins) {
  const edges = Array.from({length: bins + 1}, (_, i) => i / bins);
  const below = lr < 0.5 ? coinSeries(edges, lr) : edges.map(x => coinCdf(x, lr));
  return Array.from({length: bins}, (_, i) => Math.max(0, below[i + 1] - below[i]));
}
