// Tosses that are kept: while points are dragged, the same ones are needed in every frame.

import {toss} from "./random.js";

const KEPT = new Map(), MOST_KEPT = 6;

/** The first n tosses of 0 … sides - 1, as Uint8Array; not to be changed, since others get the same one. */
export function tossed(seed, n, sides = 3, stream = 0) {
  const key = [seed, n, sides, stream].join();
  if (KEPT.has(key)) return KEPT.get(key);
  const found = new Uint8Array(n);
  for (let i = 0; i < n; i++) found[i] = toss(seed, i, sides, stream);
  if (KEPT.size === MOST_KEPT) KEPT.delete(KEPT.keys().next().value);
  KEPT.set(key, found);
  return found;
}
