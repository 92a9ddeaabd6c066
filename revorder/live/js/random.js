// Tosses without a stored sequence: toss i of a seed is a hash of both, the same here as in revorder/live/tosses.py.

function mixed(x) {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** 32 bits: `stream` tells apart what one seed is used for. */
export function bits(seed, i, stream = 0) {
  return mixed((mixed((seed + Math.imul(stream, 0x85ebca6b)) >>> 0) + Math.imul(i + 1, 0x9e3779b1)) >>> 0);
}

/** A number in [0, 1). */
export function uniform(seed, i, stream = 0) {
  return bits(seed, i, stream) / 4294967296;
}

/** One of 0 … sides - 1, all equally likely. */
export function toss(seed, i, sides = 2, stream = 0) {
  return Math.floor(uniform(seed, i, stream) * sides);
}

/** The first n tosses. */
export function tosses(seed, n, sides = 2, stream = 0) {
  return Array.from({length: n}, (_, i) => toss(seed, i, sides, stream));
}

/** A standard normal number, by Box and Muller's method. */
export function normal(seed, i, stream = 0) {
  const u = 1 - uniform(seed, 2 * i, stream), v = uniform(seed, 2 * i + 1, stream);
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}
