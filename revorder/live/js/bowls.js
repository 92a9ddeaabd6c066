// Losses in the plane, Σ_k s_k φ(u_k·(θ - x)) with φ(r) = r²/2 or 4 log cosh(r/2): steps on them, and their brackets.

const CURVATURES = [2, 0.4], ROUNDING = 1e-13, BENDS = 96;
export const BOWL_RATES = Array.from({length: 7}, (_, k) => 0.8 / 2 ** k);

/** The bowl of a batch [x, y, angle of the steep axis]. */
export function bowlOf(kind, [x, y, angle]) {
  const cos = Math.cos(angle), sin = Math.sin(angle), straight = kind === "quadratic";
  const along = (a, b) => [cos * a + sin * b, cos * b - sin * a];
  const back = ([p, q]) => [cos * p - sin * q, sin * p + cos * q];
  const at = ([a, b]) => along(a - x, b - y);
  const bent = r => 1 - Math.tanh(r / 2) ** 2;
  return {
    centre: [x, y],
    value: point => at(point).reduce((sum, r, k) => sum + CURVATURES[k] * (straight ? r * r / 2 : 4 * Math.log(Math.cosh(r / 2))), 0),
    gradient: point => back(at(point).map((r, k) => CURVATURES[k] * (straight ? r : 2 * Math.tanh(r / 2)))),
    /** The Hessian at a point times a vector. */
    curved(point, vector) {
      const [r, v] = [at(point), along(...vector)];
      return back(v.map((each, k) => CURVATURES[k] * (straight ? 1 : bent(r[k])) * each));
    },
  };
}

/** The states along a walk: the start, then one after each bowl. */
export function walk(bowls, start, h) {
  const states = [start];
  for (const bowl of bowls) {
    const slope = bowl.gradient(states.at(-1));
    states.push(states.at(-1).map((v, k) => v - h * slope[k]));
  }
  return states;
}

/** h² Σ_i H_i (Σ_{j>i} g_j - Σ_{j<i} g_j) at the start: what backward minus forward is, up to O(h³). */
export function correction(bowls, start, h) {
  const slopes = bowls.map(bowl => bowl.gradient(start)), total = [0, 0];
  bowls.forEach((bowl, i) => {
    const vector = [0, 1].map(k => slopes.reduce((sum, g, j) => sum + Math.sign(j - i) * g[k], 0));
    bowl.curved(start, vector).forEach((v, k) => { total[k] += h * h * v; });
  });
  return total;
}

const lengthOf = vector => {
  const length = Math.hypot(...vector);
  return length < ROUNDING ? 0 : length;
};

/** Both orders of a walk: the ways, the correction, the length of the gap, and of what the correction misses of it. */
export function bothWays(bowls, start, h) {
  const forward = walk(bowls, start, h), backward = walk([...bowls].reverse(), start, h), added = correction(bowls, start, h);
  const gap = [0, 1].map(k => backward.at(-1)[k] - forward.at(-1)[k]);
  return {forward, backward, correction: added, gap: lengthOf(gap), missed: lengthOf(gap.map((v, k) => v - added[k]))};
}

/** The points around a bowl's centre at which it has one value, found by bisection along rays. */
export function levelLine(bowl, level, farthest = 12) {
  return Array.from({length: BENDS + 1}, (_, i) => {
    const turn = 2 * Math.PI * i / BENDS, ray = [Math.cos(turn), Math.sin(turn)];
    const point = r => bowl.centre.map((v, k) => v + r * ray[k]);
    let [inside, outside] = [0, farthest];
    for (let n = 0; n < 16; n++) {
      const middle = (inside + outside) / 2;
      if (bowl.value(point(middle)) < level) inside = middle;
      else outside = middle;
    }
    return point(inside);
  });
}
