// Backward at step 30 for many seeds: sums of 30 weighted corners, five of them at a time from a table.

import {tossed} from "./tossed.js";

export const LATE = 30;
const FIVE = 5, CODES = 3 ** FIVE, GROUPS = LATE / FIVE, CODED = new Map();

/** The tosses of each seed, five as one number below 243: GROUPS numbers a seed. */
function codesOf(seed, seeds) {
  const key = [seed, seeds].join();
  if (CODED.has(key)) return CODED.get(key);
  const drawn = tossed(seed, seeds * LATE, 3, 1), codes = new Uint8Array(seeds * GROUPS);
  for (let i = 0; i < drawn.length; i++) codes[Math.floor(i / FIVE)] = 3 * codes[Math.floor(i / FIVE)] + drawn[i];
  if (CODED.size === 4) CODED.delete(CODED.keys().next().value);
  CODED.set(key, codes);
  return codes;
}

/** For each group and code the sum of its weighted corners, in one coordinate. */
function tableOf(lr, values) {
  const table = new Float64Array(GROUPS * CODES);
  for (let i = 0; i < table.length; i++) {
    for (let j = 0, code = i % CODES; j < FIVE; j++) {
      const place = Math.floor(i / CODES) * FIVE + FIVE - 1 - j;
      table[i] += lr * (1 - lr) ** place * values[code % 3];
      code = Math.floor(code / 3);
    }
  }
  return table;
}

/** k -> [x, y, the corner of batch 0] of seed k; made when it is first asked for. */
export function seedEnds({lr, seed, start, corners}, seeds) {
  const rest = (1 - lr) ** LATE;
  let codes, tables;
  return k => {
    codes ??= codesOf(seed, seeds);
    tables ??= [0, 1].map(d => tableOf(lr, corners.map(corner => corner[d])));
    let x = rest * start[0], y = rest * start[1];
    for (let group = 0; group < GROUPS; group++) {
      const at = group * CODES + codes[k * GROUPS + group];
      x += tables[0][at];
      y += tables[1][at];
    }
    return [x, y, Math.floor(codes[k * GROUPS] / 81)];
  };
}
