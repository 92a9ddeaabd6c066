// Linear regression on two features: batch i is the map θ -> θ - h (H_i θ - g_i), with a symmetric matrix H_i.

/** maps: [H_00, H_01, H_11, g_0, g_1] for each batch. Backward keeps the composition of all maps, θ -> A θ + b.
 *  kept: the size of A after 0, 1, … batches, the share of their own way by which later batches can move backward. */
export function heroStates({lr, start, maps}) {
  const forward = [start], backward = [start], kept = [Math.SQRT2];
  let [a, b, c, d, e, f] = [1, 0, 0, 1, 0, 0];
  maps.forEach(([p, q, r, u, v], i) => {
    const [x, y] = forward[i], [m, k, n] = [1 - lr * p, -lr * q, 1 - lr * r];
    forward.push([m * x + k * y + lr * u, k * x + n * y + lr * v]);
    [e, f] = [e + lr * (a * u + b * v), f + lr * (c * u + d * v)];
    [a, b, c, d] = [a * m + b * k, a * k + b * n, c * m + d * k, c * k + d * n];
    backward.push([a * start[0] + b * start[1] + e, c * start[0] + d * start[1] + f]);
    kept.push(Math.hypot(a, b, c, d));
  });
  return {forward, backward, kept};
}

/** The largest of the last `count` moves up to a step, and none before there have been so many. */
export function lastMoves(path, step, count = 10) {
  if (step < count) return Infinity;
  return Math.max(...Array.from({length: count}, (_, i) =>
    Math.hypot(path[step - i][0] - path[step - i - 1][0], path[step - i][1] - path[step - i - 1][1])));
}

/** What a test compares with `revorder.run`. */
export function compared(settings) {
  const {forward, backward} = heroStates(settings);
  return {forward, backward};
}
