// Words and their composition: which batches are applied at step n, first applied first (revorder/orders.py).

const WORDS = {
  forward: n => [...Array(n).keys()],
  backward: n => [...Array(n).keys()].reverse(),
  "backward-window": (n, width) => turned(n, Math.max(0, n - width), n),
  "backward-tail": (n, start) => turned(n, Math.min(start, n), n),
  "backward-blocks": (n, size) => {
    const word = [];
    for (let first = 0; first < n; first += size) {
      for (let i = Math.min(first + size, n) - 1; i >= first; i--) word.push(i);
    }
    return word;
  },
  "two-sided": n => {
    const word = [];
    for (let i = 0; i < n; i++) i % 2 ? word.unshift(i) : word.push(i);
    return word;
  },
};

/** Batches 0 … n - 1, those from `first` to `end` in reverse. */
function turned(n, first, end) {
  const word = [...Array(n).keys()];
  return [...word.slice(0, first), ...word.slice(first, end).reverse(), ...word.slice(end)];
}

/** The word of an order such as "backward" or "backward-window:2" at step n. */
export function word(order, n) {
  const [name, number] = order.split(":");
  return WORDS[name](n, Number(number));
}

/** Forward's states at steps 0 … n, each from the one before. */
export function forwardPath(step, start, n) {
  const states = [start];
  for (let i = 0; i < n; i++) states.push(step(states[i], i));
  return states;
}

/** Backward's states at steps 0 … n for maps θ -> a θ + b_i: the newest batch is weighed by all older ones.
 *  slope(i), shift(i): of the map of batch i. */
export function backwardAffine(slope, shift, start, n) {
  const states = [start];
  let a = 1, b = 0;
  for (let i = 0; i < n; i++) {
    b += a * shift(i);
    a *= slope(i);
    states.push(a * start + b);
  }
  return states;
}

/** Both paths for θ -> θ - h (θ - x_i) of numbers, at the steps 0 … n. */
export function pathsTowards(lr, x, start, n = x.length) {
  return {
    forward: forwardPath((theta, i) => theta - lr * (theta - x[i]), start, n),
    backward: backwardAffine(() => 1 - lr, i => lr * x[i], start, n),
  };
}
