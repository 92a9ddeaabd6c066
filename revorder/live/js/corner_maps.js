// The maps of the chaos game, θ -> θ - h (θ - corner), composed forward and backward; points are [x, y].

/** F_0, F_1, … as {x, y}. */
export function forwardRun(drawn, {lr, start, corners}) {
  const x = new Float64Array(drawn.length + 1), y = new Float64Array(drawn.length + 1);
  [x[0], y[0]] = start;
  for (let i = 0; i < drawn.length; i++) {
    const corner = corners[drawn[i]];
    x[i + 1] = x[i] - lr * (x[i] - corner[0]);
    y[i + 1] = y[i] - lr * (y[i] - corner[1]);
  }
  return {x, y};
}

/** θ_0, T_first(θ_0), T_first(T_first+1(θ_0)), …: n moves, as {x, y}. From first = 0 they are B_0, B_1, …; else
 *  B_first, B_first+1, … as seen in the frame of the sub-triangle that the batches before have chosen. */
export function backwardFrom(drawn, first, n, {lr, start, corners}) {
  const moves = Math.max(0, Math.min(n, drawn.length - first));
  const x = new Float64Array(moves + 1), y = new Float64Array(moves + 1);
  let weight = 1, bx = 0, by = 0;
  [x[0], y[0]] = start;
  for (let i = 0; i < moves; i++) {
    const corner = corners[drawn[first + i]];
    bx += weight * lr * corner[0];
    by += weight * lr * corner[1];
    weight *= 1 - lr;
    x[i + 1] = weight * start[0] + bx;
    y[i + 1] = weight * start[1] + by;
  }
  return {x, y};
}

/** T_0 ∘ … ∘ T_k-1 for k = 0 … depth: each takes p to scale p + shift. */
export function frames(corners, drawn, lr, depth) {
  const found = [{scale: 1, shift: [0, 0]}];
  for (let k = 0; k < depth; k++) {
    const {scale, shift} = found[k], corner = corners[drawn[k]];
    found.push({scale: scale * (1 - lr), shift: shift.map((s, d) => s + scale * lr * corner[d])});
  }
  return found;
}

/** At most how far backward's limit is from B_n: the limit is B_n with some point of the triangle in place of θ_0. */
export function farthest({lr, start, corners}, n) {
  return (1 - lr) ** n * Math.max(...corners.map(([x, y]) => Math.hypot(x - start[0], y - start[1])));
}
