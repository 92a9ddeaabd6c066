// Blind to drift: the mean of the batches jumps, forward follows, backward goes on listening to the oldest.

import {again, choice, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {DRIFT_STEPS, driftStates, windowWeights} from "./drift_states.js";
import {figure} from "./kit.js";

const WINDOWS = [[0, "none"], [10, "10"], [40, "40"]];

/** The orders shown: name in states, colour, width of the part in reverse, dashes, label. */
function shownOrders({window}) {
  const two = [["forward", 0, [], "forward"], ["backward", DRIFT_STEPS, [6, 3], "backward"]];
  return window ? [...two, ["other", window, [2, 3], `window of ${window}`]] : two;
}

function drawPaths(live) {
  const {panels: {paths: panel}, settings, states: {x, paths, expected}, theme} = live, {jump, step} = settings;
  const steps = x.map((_, n) => n).concat(DRIFT_STEPS), orders = shownOrders(settings);
  panel.begin(theme);
  panel.clipped(() => {
    x.forEach((value, i) => {
      panel.dot(i + 1, value, {color: theme.muted, size: 1.6, ring: false, alpha: i < step ? 0.7 : 0.2});
    });
    panel.path([[0, 0], [jump, 0], [jump, 1], [DRIFT_STEPS, 1]], {color: theme.ink, width: 1.2});
    for (const [name, , dash] of orders) {
      panel.line(steps, expected[name], {color: theme[name], width: 1.2, alpha: 0.45}, 0, step + 1);
      panel.line(steps, paths[name], {color: theme[name], width: 2, dash}, 0, step + 1);
    }
  });
  orders.forEach(([name, , , label], k) => {
    panel.dot(step, paths[name][step], {color: theme[name], shape: name === "backward" ? "square" : "circle"});
    panel.text(0, panel.y[1], label, {color: theme[name], bold: true, dx: 8, dy: 12 + 17 * k});
  });
}

function drawBars(live) {
  const {panels: {weights: panel}, settings, theme} = live, {jump, lr, step} = settings, top = 1.2 * lr;
  const orders = shownOrders(settings), rows = orders.length, end = Math.max(1, step);
  panel.begin(theme, [0, end], [-rows * top, 0]);
  if (jump < end) panel.box(jump, -rows * top, end, 0, {fill: theme.fourth, alpha: 0.14});
  orders.forEach(([name, window, , label], row) => {
    const base = -(row + 1) * top, weights = windowWeights(step, lr, window);
    weights.forEach((weight, i) => panel.box(i, base, i + 0.85, base + weight, {fill: theme[name]}));
    panel.path([[0, base], [end, base]], {color: theme.line, width: 1});
    panel.text(end / 2, base + top, label, {color: theme[name], bold: true, align: "center", dy: 12});
  });
  if (jump < end) panel.text(end, 0, "after the jump", {size: 12, align: "right", dx: -4, dy: 12, color: theme.muted});
}

function said(name, value) {
  const [letter, word] = {forward: ["f", "forward"], backward: ["b", "backward"], other: ["o", "in the window"]}[name];
  return `<span class="${letter}">${value} ${word}</span>`;
}

export default figure({
  label: "Data whose mean jumps: paths of forward and backward, and the weights of all batches",
  settings: ["jump", "lr", "seed", "window"],
  states: driftStates,
  play: {length: () => DRIFT_STEPS, rate: () => 40},
  panels: [
    {name: "paths", title: "The mean of the batches jumps from 0 to 1: drag the jump", x: [0, DRIFT_STEPS], y: [-1, 2],
      xlabel: "step n (batches)", height: 280, grow: 3, basis: 340},
    {name: "weights", title: "The weight of every batch in the state", x: [0, DRIFT_STEPS], y: [0, 1], yticks: [],
      xlabel: "batch, oldest first", height: 280, grow: 2, basis: 260},
  ],
  handles: [
    {panel: "paths", label: "the jump", axis: "x", keyStep: 1, color: "fourth",
      at: ({settings}) => [settings.jump, 0.5], say: ({settings}) => `batch ${settings.jump}`,
      move: (live, [x]) => ({jump: clamp(Math.round(x), 1, DRIFT_STEPS - 1)})},
  ],
  controls: [
    slider("lr", "h", 0.02, 0.5, 0.01), choice("window", "backward in windows of", WINDOWS), again("New noise"),
  ],
  draw(live) {
    drawPaths(live);
    drawBars(live);
  },
  title({settings, states: {expected}}) {
    const {jump, step} = settings, parts = shownOrders(settings);
    if (step <= jump) return `Step ${step}: the world has not changed yet`;
    const newest = step - jump === 1 ? "newest of" : `${step - jump} newest of`;
    return `The ${newest} ${step} batches weigh${step - jump === 1 ? "s" : ""} `
      + parts.map(([name]) => said(name, expected[name][step].toFixed(4))).join(", ");
  },
  read({settings, states: {paths}}) {
    const {step} = settings;
    const now = shownOrders(settings).map(([name]) => said(name, paths[name][step].toFixed(3))).join(", ");
    return `That is the state to be expected (thin lines). This run is at ${now}.`;
  },
  goals: [
    {text: "Let backward end half-way: expected state between 0.45 and 0.55 at step 200.",
      reached({settings: {step}, states: {expected}}) {
        return step === DRIFT_STEPS && Math.abs(expected.backward[step] - 0.5) < 0.05;
      }},
  ],
});
