// The plan of a run, as revorder/planning makes it: the trie of the words, its nodes numbered level by level, and the
// ticks by weighted majority merge. Words are arrays of letters.

const BASE = 4096; // more than there are letters

/** Every distinct prefix is one node; node 0 is the start. end: the node of every word. */
export function trieOf(words) {
  const parent = [0],
    letter = [-1],
    end = words.map(() => 0),
    longest = Math.max(...words.map(word => word.length));
  for (let depth = 0; depth < longest; depth++) {
    const alive = [...words.keys()].filter(i => words[i].length > depth);
    const keys = alive.map(i => end[i] * BASE + words[i][depth]),
      first = parent.length;
    const distinct = [...new Set(keys)].sort((a, b) => a - b),
      place = new Map(distinct.map((key, j) => [key, first + j]));
    alive.forEach((i, k) => {
      end[i] = place.get(keys[k]);
    });
    for (const key of distinct) {
      parent.push(Math.floor(key / BASE));
      letter.push(key % BASE);
    }
  }
  return {parent, letter, end, ...family(parent)};
}

/** The children of every node, and its height: how many nodes the longest downward path has, the node included. */
function family(parent) {
  const children = parent.map(() => []),
    height = parent.map(() => 1);
  for (let i = 1; i < parent.length; i++) children[parent[i]].push(i);
  for (let i = parent.length - 1; i > 0; i--) height[parent[i]] = Math.max(height[parent[i]], height[i] + 1);
  return {children, height};
}

/** The batched calls, and how many states are held at most: states that need the same letter next advance together.
 *  Next is the letter whose waiting states have, summed up, the most work still to do; of equal ones the newest. */
export function ticksOf({parent, letter, children, height}) {
  const slots = new Slots(),
    slot = parent.map(() => 0),
    unborn = children.map(each => each.length),
    ticks = [];
  let waiting = children[0];
  while (waiting.length) {
    const next = heaviest(waiting, letter, height),
      nodes = waiting.filter(node => letter[node] === next);
    for (const node of nodes) unborn[parent[node]] -= 1;
    const forks = nodes.filter(node => unborn[parent[node]] > 0);
    for (const node of nodes) slot[node] = slot[parent[node]]; // the last child takes over its parent's slot
    slots.take(forks.length).forEach((taken, k) => {
      slot[forks[k]] = taken;
    });
    const bySlot = [...nodes].sort((a, b) => slot[a] - slot[b]);
    ticks.push({letter: next, nodes: bySlot, slots: bySlot.map(node => slot[node])});
    slots.giveBack(nodes.filter(node => !unborn[node]).map(node => slot[node]));
    waiting = [...waiting.filter(node => letter[node] !== next), ...nodes.flatMap(node => children[node])];
  }
  return {ticks, peak: slots.count};
}

function heaviest(waiting, letter, height) {
  const work = new Map();
  for (const node of waiting) work.set(letter[node], (work.get(letter[node]) ?? 0) + height[node]);
  return [...work].reduce((best, each) =>
    each[1] > best[1] || (each[1] === best[1] && each[0] > best[0]) ? each : best,
  )[0];
}

/** Hands out slot numbers, lowest free one first, and remembers how many were ever needed. */
class Slots {
  free = [];
  count = 1; // slot 0 holds the start

  take(number) {
    return Array.from({length: number}, () => this.free.shift() ?? this.count++);
  }

  giveBack(slots) {
    this.free = [...this.free, ...slots].sort((a, b) => a - b);
  }
}

/** Trie, ticks and price of some words. cost: evaluations; naive: without sharing; launches: batched calls. */
export function planOf(words) {
  const trie = trieOf(words),
    {ticks, peak} = ticksOf(trie),
    tickOf = trie.parent.map(() => 0);
  ticks.forEach(({nodes}, t) =>
    nodes.forEach(node => {
      tickOf[node] = t + 1;
    }),
  );
  const naive = words.reduce((sum, word) => sum + word.length, 0);
  return {...trie, ticks, peak, tickOf, naive, cost: trie.parent.length - 1, launches: ticks.length};
}

/** The checkpoints s, 2 s, … up to N; only N, if s is larger. */
export function checkpointsOf(steps, stride) {
  const every = Math.min(stride, steps);
  return Array.from({length: Math.floor(steps / every)}, (_, i) => (i + 1) * every);
}
