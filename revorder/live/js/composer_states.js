// The composer's words and their plan; nodes also get a place in the picture.

import {checkpointsOf, planOf} from "./plans.js";
import {word} from "./words.js";

export const MOST_STEPS = 12;
const LEAST = {"backward-window": 1, "backward-tail": 0, "backward-blocks": 1}; // of the numbers that orders take

/** The word of step n, before batches that come again are given one letter. */
export function composedWord({order, number, words, shuffled}, n) {
  if (order === "own") return words[n - 1];
  if (order === "shuffled") return shuffled[n - 1];
  return word(order in LEAST ? `${order}:${Math.max(number, LEAST[order])}` : order, n);
}

/** The words of all steps up to 12. */
export function allWords(settings) {
  return Array.from({length: MOST_STEPS}, (_, i) => [...composedWord(settings, i + 1)]);
}

/** The plan of the settings: checkpoints n, words as letters, and what `planOf` gives. */
export function composerPlan(settings) {
  const {steps, stride, period} = settings,
    checkpoints = checkpointsOf(steps, stride);
  const words = checkpoints.map(n => composedWord(settings, n).map(i => (period ? i % period : i)));
  return {checkpoints, words, letters: period ? Math.min(period, steps) : steps, ...planOf(words)};
}

/** The plan, and for every letter of every word its node, and whether the word is the first that needs it. */
export function composerStates(settings) {
  const plan = composerPlan(settings),
    seen = new Set();
  const nodes = plan.end.map((end, row) => pathTo(plan.parent, end, plan.words[row].length));
  const paid = nodes.map(path => path.map(node => !seen.has(node) && Boolean(seen.add(node))));
  return {...plan, nodes, paid, lane: lanesOf(plan)};
}

/** The nodes on the way to one, the start left out. */
function pathTo(parent, end, length) {
  const path = [];
  for (let node = end; path.length < length; node = parent[node]) path.unshift(node);
  return path;
}

/** Rows of the picture such that no two edges cross: the child with the longest path ahead stays in its parent's. */
function lanesOf({parent, children, height}) {
  const lane = parent.map(() => 0),
    pending = [[0, 0]];
  for (let used = 0; pending.length;) {
    const [node, wanted] = pending.pop();
    lane[node] = wanted < 0 ? ++used : wanted;
    const sorted = [...children[node]].sort((a, b) => height[a] - height[b]);
    sorted.forEach((child, k) => pending.push([child, k === sorted.length - 1 ? lane[node] : -1]));
  }
  return lane;
}

/** What the page computes, as arrays of whole numbers. */
export function compared(settings) {
  const {words, parent, letter, end, cost, naive, launches, peak, ticks} = composerPlan(settings);
  return {
    words: words.flat(),
    lengths: words.map(each => each.length),
    parent,
    letter,
    end,
    price: [cost, naive, launches, peak],
    tick_letters: ticks.map(tick => tick.letter),
    tick_sizes: ticks.map(tick => tick.nodes.length),
    tick_nodes: ticks.flatMap(tick => tick.nodes),
    tick_slots: ticks.flatMap(tick => tick.slots),
  };
}
