// The composer: words of batches, the tree of their shared prefixes, and the ticks in which states advance together.

import {allWords, composerStates} from "./composer_states.js";
import {Letters} from "./composer_letters.js";
import {drawTree} from "./composer_tree.js";
import {drawWords} from "./composer_words.js";
import {choice, slider} from "./controls.js";
import {figure} from "./kit.js";

const ORDERS = [
  ["forward", "forward"],
  ["backward", "backward"],
  ["backward-window", "window"],
  ["backward-tail", "tail"],
  ["backward-blocks", "blocks"],
  ["two-sided", "two-sided"],
  ["shuffled", "shuffled"],
  ["own", "my own"],
];
const HUES = {forward: "f", backward: "b"};
const among =
  order =>
  ({settings}) =>
    settings.order === order;

function many(number, thing) {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** The order with its number, in its colour. */
function named({order, number}) {
  const text = {
    "backward-window": `A window of ${Math.max(1, number)}`,
    "backward-tail": `A backward tail after ${number}`,
    "backward-blocks": `Blocks of ${Math.max(1, number)}`,
    own: "An order of your own",
    "two-sided": "Two-sided",
  }[order];
  return `<span class="${HUES[order] ?? "o"}">${text ?? order[0].toUpperCase() + order.slice(1)}</span>`;
}

function composerMessage(live) {
  const {
      settings,
      settings: {step},
      states: {cost, naive, launches, ticks, letters, end},
    } = live,
    name = named(settings);
  if (!step) return `${name}: press play, and states that need the same batch advance together`;
  const {letter, nodes} = ticks[step - 1],
    who = nodes.length === 1 ? "one state needs" : `${nodes.length} states need`;
  if (step < launches) {
    const how = nodes.length === 1 ? "it advances alone" : "one call advances them all";
    return `Tick ${step}: ${who} batch ${letter}, and ${how}`;
  }
  const calls = `in ${many(launches, "batched call")}`;
  if (letters === 1)
    return `${name} with a single batch: all orders are the same, ${many(cost, "evaluation")} ${calls}`;
  if (end.length === 1) return `${name}: a single word has nothing to share, ${many(cost, "evaluation")} ${calls}`;
  if (cost === naive) return `${name} shares nothing: all ${many(cost, "evaluation")}, but ${calls}`;
  return `${name}: equal prefixes once, ${cost} of ${naive} evaluations are left, ${calls}`;
}

function composerPrice({settings: {step}, states: {cost, naive, launches, peak, ticks}}) {
  const done = ticks.slice(0, step).reduce((sum, tick) => sum + tick.nodes.length, 0);
  const parts = [`Evaluations <b>${done} of ${cost}</b> (without sharing ${naive})`];
  parts.push(`batched calls <b>${step} of ${launches}</b>`, `states held at most <b>${peak}</b>`);
  return parts.join(" · ");
}

export default figure({
  label: "Composition orders: words, their tree, and the batched calls of their plan",
  settings: ["order", "number", "steps", "stride", "period", "words", "shuffled"],
  states: composerStates,
  play: {
    length: live => live.states.launches,
    rate: live => Math.max(1.2, live.states.launches / 9),
    autoplay: true,
    stay: true,
    text: live => `tick ${live.settings.step} of ${live.states.launches}`,
    unit: "tick",
  },
  panels: [
    {
      name: "words",
      title: "Words, first applied first; dotted: shared with a word above",
      x: [0, 1],
      y: [0, 1],
      bare: true,
      height: 236,
      basis: 300,
      grow: 1,
      marginRight: 6,
    },
    {
      name: "tree",
      title: "The tree of their prefixes, one column for each batched call",
      x: [0, 1],
      y: [0, 1],
      bare: true,
      height: 236,
      basis: 330,
      grow: 1.7,
      marginRight: 6,
    },
  ],
  handles: [{make: live => new Letters(live)}],
  controls: [
    choice("order", "order", ORDERS, {
      changes: (live, order) => (order === "own" ? {words: allWords(live.settings)} : {}),
    }),
    slider("number", "width", 1, 12, 1, {when: among("backward-window")}),
    slider("number", "start", 0, 12, 1, {when: among("backward-tail")}),
    slider("number", "size", 1, 12, 1, {when: among("backward-blocks")}),
    slider("steps", "steps", 1, 12, 1),
    choice(
      "stride",
      "stride",
      [1, 2, 3, 4].map(s => [s, String(s)]),
    ),
    slider("period", "period", 0, 6, 1, {text: K => (K ? String(K) : "none")}),
  ],
  draw(live) {
    drawWords(live);
    drawTree(live);
  },
  title: composerMessage,
  read: composerPrice,
  goals: [
    {
      text: "Drag chips: five words that need ten batched calls.",
      reached: ({settings: {order, steps, stride, period}, states}) =>
        order === "own" && steps === 5 && stride === 1 && !period && states.launches >= 10,
    },
    {
      text: "Backward to step 12 for fewer than 30 evaluations, in two ways.",
      reached: ({settings: {order, steps}, states}) => order === "backward" && steps === 12 && states.cost < 30,
    },
  ],
});
