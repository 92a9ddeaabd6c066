// Coin tosses: θ -> θ - h (θ - toss). Forward puts each new map last, backward puts it first.

/** start, tosses: numbers in [0, 1]. forward, backward: the states at steps 0 … N; passes[n]: the value on its
 *  way through backward's row of n maps, newest first. */
export function boxesStates({lr, start, tosses}) {
  const map = (theta, x) => theta - lr * (theta - x),
    forward = [start],
    passes = [[start]];
  tosses.forEach((x, i) => {
    forward.push(map(forward[i], x));
    passes.push(
      tosses
        .slice(0, i + 1)
        .reverse()
        .reduce((values, toss) => [...values, map(values.at(-1), toss)], [start]),
    );
  });
  return {forward, passes, backward: passes.map(values => values.at(-1))};
}

/** By how much later tosses can still move backward's state at step n, whatever they show: all stays in [0, 1]. */
export function canStillMove(lr, n) {
  return (1 - lr) ** n;
}

/** The last few moves of a path up to step n; fewer, if there are no more. */
export function movesBefore(path, n, count = 5) {
  return path
    .slice(Math.max(0, n - count), n)
    .map((value, i) => Math.abs(path[Math.max(0, n - count) + i + 1] - value));
}

/** What a test compares with `revorder.run`. */
export function compared(settings) {
  const {forward, backward, passes} = boxesStates(settings);
  return {forward, backward, through: passes.at(-1)};
}
