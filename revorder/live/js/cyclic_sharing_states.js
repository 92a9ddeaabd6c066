// Backward on batches that come again after K, seen every s steps: the chains of its plan.

/** Each chain: the residue of its checkpoints modulo K, their steps, and its length, the last of them. */
export function cyclicChains({steps, period, stride}) {
  const chains = new Map();
  for (let n = Math.min(stride, steps); n <= steps; n += stride) {
    const residue = n % period;
    chains.set(residue, [...(chains.get(residue) ?? []), n]);
  }
  return [...chains].map(([residue, looks]) => ({residue, looks, length: looks.at(-1)}));
}

export function cyclicPrice(settings) {
  return cyclicChains(settings).reduce((sum, {length}) => sum + length, 0);
}

export function commonDivisor(a, b) {
  return b ? commonDivisor(b, a % b) : a;
}

export function cyclicStates(settings) {
  const chains = cyclicChains(settings),
    looks = chains.flatMap(each => each.looks);
  const byStride = Array.from({length: 2 * settings.period + 2}, (_, i) => cyclicPrice({...settings, stride: i + 1}));
  return {
    chains,
    byStride,
    cost: cyclicPrice(settings),
    naive: looks.reduce((sum, n) => sum + n, 0),
    looks: looks.length,
  };
}

export function compared(settings) {
  const {chains, byStride, cost, naive} = cyclicStates(settings);
  return {lengths: chains.map(({length}) => length).sort((a, b) => a - b), price: [cost, naive], by_stride: byStride};
}
