// Batches that repeat: T_i takes θ the part h of the way to target i mod K; forward, backward, and where they go.

export const CYCLIC_STEPS = 120;

const mixed = (weights, targets) => [0, 1].map(d => weights.reduce((sum, w, i) => sum + w * targets[i][d], 0));

/** Forward and backward from θ_0: states [θ₁, θ₂] at the steps 0 … 120. */
function cyclicPaths(lr, targets, start) {
  const forward = [start], backward = [start], b = [0, 0], c = 1 - lr;
  let weight = 1;
  for (let i = 0; i < CYCLIC_STEPS; i++) {
    const target = targets[i % targets.length];
    forward.push(forward[i].map((v, d) => v - lr * (v - target[d])));
    target.forEach((v, d) => { b[d] += weight * lr * v; });
    weight *= c;
    backward.push(b.map((v, d) => v + weight * start[d]));
  }
  return {forward, backward};
}

/** points: forward's limits along n ≡ 0, 1, … mod K; limit: backward's; minimiser: of the mean loss. */
export function cyclicStates({lr, batches, targets, start}) {
  const used = targets.slice(0, batches), weights = used.map((_, j) => lr * (1 - lr) ** j / (1 - (1 - lr) ** batches));
  const before = r => used.map((_, j) => used[(r - 1 - j + 2 * batches) % batches]);
  return {
    ...cyclicPaths(lr, used, start), limit: mixed(weights, used), points: used.map((_, r) => mixed(weights, before(r))),
    minimiser: mixed(used.map(() => 1 / batches), used),
  };
}

export const compared = cyclicStates;
