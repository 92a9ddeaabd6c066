// What orders cost, by formulas: checkpoints s, 2 s, … up to N, all batches different but for "cyclic".

export const MOST = 1000;

/** The sum over the checkpoints n = s, 2 s, … of f(n). */
function overLooks(steps, stride, f) {
  let sum = 0;
  for (let n = stride; n <= steps; n += stride) sum += f(n);
  return sum;
}

const lastOf = (steps, stride) => Math.floor(steps / stride) * stride;

/** One chain for each group of checkpoints whose words are prefixes of each other: as long as the group's last. */
function chains(steps, stride, group) {
  const longest = new Map();
  for (let n = stride; n <= steps; n += stride) longest.set(group(n), n);
  return [...longest.values()].reduce((sum, n) => sum + n, 0);
}

/** The trunk, and an end of w batches for every look beyond it; looks up to w are chains of their own. */
function windowed(steps, stride, w) {
  const last = lastOf(steps, stride),
    trunk = Math.max(0, last - w);
  if (w === 1) return last;
  const own = overLooks(steps, stride, n => Math.min(n, w));
  return trunk + own - (stride === 1 && trunk ? 1 : 0); // the word of step 1 is on the trunk
}

/** The trunk of whole blocks, and an end for every look within a block. */
function blocked(steps, stride, size) {
  return Math.floor(lastOf(steps, stride) / size) * size + overLooks(steps, stride, n => n % size);
}

export const PRICES = {
  naive: (steps, stride) => overLooks(steps, stride, n => n),
  forward: lastOf,
  backward: (steps, stride) => overLooks(steps, stride, n => n),
  window: (steps, stride, size) => windowed(steps, stride, size),
  blocks: (steps, stride, size) => blocked(steps, stride, size),
  cyclic: (steps, stride, size) => chains(steps, stride, n => n % size),
  "two-sided": (steps, stride) => chains(steps, stride, n => Math.floor(n / 2)),
};

/** Numbers of steps that are spread evenly on a logarithmic axis, from `first` on. */
export function spreadOut(first, last, count = 120) {
  const all = Array.from({length: count}, (_, i) => Math.round(first * (last / first) ** (i / (count - 1))));
  return [...new Set(all)];
}

/** Curves against N at this stride, and against the stride at this N; the price of each order at both. */
export function priceStates({steps, stride, size}) {
  const Ns = spreadOut(stride, MOST),
    strides = spreadOut(1, steps),
    names = Object.keys(PRICES);
  const each = f => Object.fromEntries(names.map(name => [name, f(PRICES[name])]));
  return {
    Ns,
    strides,
    looks: Math.floor(steps / stride),
    byN: each(price => Ns.map(N => price(N, stride, size))),
    byStride: each(price => strides.map(s => price(steps, s, size))),
    now: each(price => price(steps, stride, size)),
  };
}

/** The prices, and those of every number of steps from 1 to 40. */
export function compared({steps, stride, size}) {
  const small = [...Array(40).keys()].map(i => i + 1).filter(N => N >= stride);
  return Object.fromEntries(
    Object.entries(PRICES).map(([name, price]) => [
      name,
      [price(steps, stride, size), ...small.map(N => price(N, stride, size))],
    ]),
  );
}
