// The variance over seeds of one number, θ -> θ - h (θ - x) from 0, for data drawn in epochs of K batches.

export const EPOCHS = 6;

/** Which of the values batch i is: draw times K, and which of the draw's K values. */
function valueOf(data, size, i) {
  const epoch = Math.floor(i / size), at = i % size;
  if (data === "shuffle_once") return at;
  if (data === "flipflop") return Math.floor(epoch / 2) * size + (epoch % 2 ? size - 1 - at : at);
  return i;
}

/** Variance of Σ w_i x_i when each draw is a random order of the same K values of variance 1. Two different values of a
 *  draw have covariance -1 / (K - 1), since their sum is a constant; different draws are independent. */
export function drawnVariance(weights, data, size) {
  if (data === "iid") return weights.reduce((sum, w) => sum + w * w, 0);
  const values = new Float64Array(Math.ceil(weights.length / size) * size);
  weights.forEach((weight, i) => { values[valueOf(data, size, i)] += weight; });
  let variance = 0;
  for (let first = 0; first < values.length; first += size) {
    let squares = 0, total = 0;
    for (let i = first; i < first + size; i++) {
      squares += values[i] * values[i];
      total += values[i];
    }
    variance += squares - (total * total - squares) / (size - 1);
  }
  return Math.max(0, variance);
}

/** Whether the batches of n steps and their reversal have the same law, so that the theorem applies. */
export function reversible(data, size, n) {
  if (data === "iid" || data === "shuffle_once") return true;
  return n <= size || n % (data === "flipflop" ? 2 * size : size) === 0;
}

export function epochWeights(order, n, lr) {
  return Float64Array.from({length: n}, (_, i) => lr * (1 - lr) ** (order === "forward" ? n - 1 - i : i));
}

/** forward, backward: the variance at steps 0 … EPOCHS · K. */
export function epochStates({data, size, lr}) {
  const weights = epochWeights("backward", EPOCHS * size, lr), curves = {forward: [0], backward: [0]};
  for (let n = 1; n <= EPOCHS * size; n++) {
    const used = weights.slice(0, n);
    curves.backward.push(drawnVariance(used, data, size));
    curves.forward.push(drawnVariance(used.reverse(), data, size));
  }
  return curves;
}

export function compared(settings) {
  return epochStates(settings);
}
