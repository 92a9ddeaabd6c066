// All sequences of n coin tosses at once: where forward and backward take each of them.

export const TOSSED = 8,
  SEQUENCES = 2 ** TOSSED;

/** Toss i (the oldest is 0) of a sequence's number: its binary digits from the left. */
export function tossOf(number, i) {
  return (number >> (TOSSED - 1 - i)) & 1;
}

/** The number of the sequence with one toss flipped. */
export function flipped(number, i) {
  return number ^ (1 << (TOSSED - 1 - i));
}

/** start in [0, 1]. forward, backward: the end of each sequence, by its number. */
export function sameLawStates({lr, start}) {
  const forward = [],
    backward = [],
    map = (theta, x) => theta - lr * (theta - x);
  for (let number = 0; number < SEQUENCES; number++) {
    const tosses = Array.from({length: TOSSED}, (_, i) => tossOf(number, i));
    forward.push(tosses.reduce(map, start));
    backward.push(tosses.reduceRight(map, start));
  }
  return {forward, backward, gap: forward.map((v, i) => Math.abs(v - backward[i]))};
}

/** What a test compares with `revorder.run`. */
export function compared(settings) {
  const {forward, backward} = sameLawStates(settings),
    up = (a, b) => a - b;
  return {forward, backward, forward_sorted: [...forward].sort(up), backward_sorted: [...backward].sort(up)};
}
