// Four spreads, of which one vanishes: along the path of one run and over seeds at one step, forward and backward.

import {short} from "./basics.js";
import {again, choice, slider} from "./controls.js";
import {name, outline} from "./corners.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";
import {endsOfSeed, holeRadius, SEEDS, spreadsStates, stationary, STEPS, TRIANGLE, WINDOW} from "./spreads_states.js";

const MIDDLE = [0.5, 1 / 3];
const SQUARED = {x: [-0.05, 1.05], y: [-0.05, 1.05], equal: true, bare: true, height: 270, basis: 210};
const TICKS = [[1, "1"], [0.1, "0.1"], [0.01, "0.01"], [1e-3, "0.001"], [1e-4, "10⁻⁴"], [1e-5, "10⁻⁵"]];
const FLOORS = {spread: 1e-5, distance: 0.003};
const SHOWN = [["spread", "four spreads"], ["distance", "distance to the minimum"]];
const said = (order, text) => `<span class="${order}">${text}</span>`;
const far = ({x, y}, n) => Math.hypot(x[n] - MIDDLE[0], y[n] - MIDDLE[1]);

/** The smallest distance to the minimum at steps 1 … n. */
function nearest(path, n) {
  let least = Infinity;
  for (let i = 1; i <= n; i++) least = Math.min(least, far(path, i));
  return least;
}

/** The triangle with its three copies, where all iterates are, and the minimum in the hole between them. */
function drawStage(live, panel) {
  const {settings: {lr}, theme} = live;
  panel.begin(theme);
  for (const corner of TRIANGLE) {
    const copy = TRIANGLE.map(point => point.map((v, d) => (1 - lr) * v + lr * corner[d]));
    panel.path(copy, {fill: theme.wash, width: 0});
  }
  outline(panel, TRIANGLE, {color: theme.line, width: 1});
}

function drawMiddle(panel, theme) {
  const [x, y] = MIDDLE;
  panel.path([[x - 0.025, y], [x + 0.025, y]], {color: theme.ink, width: 2});
  panel.path([[x, y - 0.025], [x, y + 0.025]], {color: theme.ink, width: 2});
}

function drawAlong(live) {
  const {panels: {along: panel}, settings: {step}, states, theme, phase} = live, from = Math.max(0, step - 1);
  name(panel, step < WINDOW ? `One run: steps 0 to ${step}` : `One run: its last ${WINDOW} steps`);
  drawStage(live, panel);
  for (const order of ["forward", "backward"]) {
    const {x, y} = states[order], last = Math.max(0, step - WINDOW + 1);
    for (let i = last; i < step; i++) panel.dot(x[i], y[i], {color: theme[order], size: 2.5, ring: false, alpha: 0.8});
    const now = [x, y].map(path => path[from] + phase * (path[step] - path[from]));
    panel.dot(...now, {color: theme[order], size: 6.5});
  }
  drawMiddle(panel, theme);
  const {x, y} = states.average;
  panel.line(x, y, {color: theme.other, width: 1.2, alpha: 0.7}, Math.min(1, step), step + 1);
  if (step) panel.dot(x[step], y[step], {color: theme.other, size: 5, shape: "diamond"});
}

function drawSeedsNow(live) {
  const {panels: {seeds: panel}, settings, states, theme} = live;
  name(panel, `${SEEDS} seeds, all at step ${settings.step}`);
  drawStage(live, panel);
  const small = {size: 1.9, ring: false, alpha: 0.85};
  for (let k = 0; k < SEEDS; k++) {
    const ends = endsOfSeed(states, settings, k, settings.step);
    ends.forEach((end, i) => panel.dot(...end, {...small, color: theme[i ? "backward" : "forward"]}));
  }
  drawMiddle(panel, theme);
}

/** Names at the right end of lines, moved apart where they would overlap. */
function labels(panel, ends) {
  const sorted = ends.map(each => ({...each, py: panel.Y(Math.max(each.y, panel.y[0]))})).sort((a, b) => a.py - b.py);
  sorted.forEach((each, i) => { if (i) each.py = Math.max(each.py, sorted[i - 1].py + 15); });
  const over = Math.max(0, (sorted.at(-1)?.py ?? 0) - panel.bottom + 6);
  for (const {x, text, color, py} of sorted) {
    panel.text(x, 1, text, {color, size: 12, dx: 6, dy: py - over - panel.Y(1)});
  }
}

function drawSpreadCurves(live, panel) {
  const {settings: {step, lr}, states: {along, overSeeds}, theme} = live, n = Math.max(2, step), sigma = stationary(lr);
  const curves = [
    ["forward, path", along.forward, "forward", []], ["backward, path", along.backward, "backward", []],
    ["forward, seeds", overSeeds.forward, "forward", [5, 4]],
    ["backward, seeds", overSeeds.backward, "backward", [2, 4]],
  ];
  panel.clipped(() => {
    panel.path([[0, sigma], [STEPS, sigma]], {color: theme.muted, width: 1});
    const steps = Float64Array.from({length: n + 1}, (_, i) => i);
    for (const [, values, order, dash] of curves) {
      panel.line(steps, values, {color: theme[order], width: 2, dash}, 2, n + 1);
    }
  });
  if (n < 0.75 * STEPS) panel.text(STEPS, sigma, "σ", {color: theme.muted, dx: 5});
  labels(panel, curves.map(([text, values, order]) => ({x: n, y: values[n], text, color: theme[order]})));
}

function drawDistanceCurves(live, panel) {
  const {settings: {step, lr}, states, theme} = live, n = Math.max(1, step), hole = holeRadius(lr);
  const steps = Float64Array.from({length: n + 1}, (_, i) => i);
  const curves = [["forward", "forward", 0.8], ["backward", "backward", 2], ["average", "other", 2.2]];
  panel.clipped(() => {
    if (hole > 0) panel.path([[0, hole], [STEPS, hole]], {color: theme.muted, width: 1, dash: [5, 4]});
    for (const [which, color, width] of curves) {
      panel.line(steps, steps.map(i => far(states[which], i)), {color: theme[color], width}, 1, n + 1);
    }
  });
  labels(panel, curves.map(([which, color]) => ({
    x: n, y: far(states[which], n), text: which === "average" ? "forward's average" : which, color: theme[color]})));
}

function drawCurves(live) {
  const {panels: {curves: panel}, settings: {shown, step}, theme} = live, spread = shown === "spread";
  name(panel, spread ? "Standard deviation of the height" : "Distance to the minimum");
  panel.spec.yticks = TICKS.filter(([value]) => value >= FLOORS[shown]);
  panel.begin(theme, [0, STEPS], [FLOORS[shown], 1]);
  panel.path([[step, panel.y[0]], [step, panel.y[1]]], {color: theme.line, width: 1});
  if (spread) drawSpreadCurves(live, panel);
  else drawDistanceCurves(live, panel);
}

function ofSpreads({settings: {step}, states: {along, overSeeds}}) {
  const own = said("b", "backward's spread along its path"), quiet = along.backward[step];
  const loud = [along.forward, overSeeds.forward, overSeeds.backward].map(each => each[step]);
  if (step < WINDOW) return `Play on: which of four spreads will vanish? The path's are over its last ${WINDOW} steps`;
  if (quiet >= 1e-3) return `Still falling: ${own}, now ${short(quiet, 2)}. The other three stay`;
  if (Math.min(...loud) < 0.02) return `Three spreads are small, and only ${own} vanishes`;
  return `Only ${own} vanishes: over seeds it is as uncertain as ${said("f", "forward")}`;
}

function ofDistances({settings: {step}, states}) {
  if (step < 2) return "Press play: what will come to the minimum, and what will not?";
  const [f, b, mean] = [nearest(states.forward, step), nearest(states.backward, step), far(states.average, step)];
  const average = said("o", `Forward's average is ${short(mean, 2)} from the minimum`);
  const least = said("f", `forward never came nearer than ${short(f, 2)}`);
  return `${average}; ${least}, ${said("b", `backward ${short(b, 2)}`)}`;
}

export default figure({
  label: "Two spreads, of the path and of seeds, in both orders",
  settings: ["lr", "seed", "start", "shown"],
  states: spreadsStates,
  play: {length: () => STEPS, rate: () => 25, unit: "step", text: ({settings}) => `step ${settings.step}`},
  panels: [
    {name: "along", ...SQUARED}, {name: "seeds", ...SQUARED},
    {name: "curves", title: " ", x: [0, STEPS], y: [FLOORS.spread, 1], logY: true, height: 270, basis: 310, grow: 2,
      marginRight: 112, xlabel: "step n", xticks: [0, 100, 200, 300, 400, 500]},
  ],
  handles: [
    {panel: "along", label: "start", at: ({settings}) => settings.start,
      move: (live, point) => ({start: point.map(v => clamp(v, 0, 1))})},
    {panel: "curves", label: "step", axis: "x", keyStep: 1,
      at: ({settings, panels}) => [settings.step, panels.curves.y[0]],
      move: (live, [x]) => ({step: clamp(Math.round(x), 0, STEPS)}),
      say: ({settings}) => `step ${settings.step}`},
  ],
  controls: [slider("lr", "learning rate h", 0.05, 0.95, 0.01), choice("shown", "show", SHOWN), again()],
  draw(live) {
    drawAlong(live);
    drawSeedsNow(live);
    drawCurves(live);
  },
  title: live => live.settings.shown === "spread" ? ofSpreads(live) : ofDistances(live),
  read(live) {
    const {settings: {step, lr}, states: {along, overSeeds}} = live;
    const one = (each, order) => said(order[0], `${order} <b>${short(each[order][step], 2)}</b>`);
    const both = each => `${one(each, "forward")}, ${one(each, "backward")}`, sigma = short(stationary(lr), 2);
    if (step < 2) return "";
    return `Spread of the height along the path: ${both(along)}; over seeds: ${both(overSeeds)}; σ = ${sigma}`;
  },
  goals: [
    {
      text: "Bring three spreads below 0.15 and the fourth below 0.001.",
      reached: ({settings: {step}, states: {along, overSeeds}}) => step >= WINDOW && along.backward[step] < 1e-3
        && Math.max(along.forward[step], overSeeds.forward[step], overSeeds.backward[step]) < 0.15,
    },
    {
      text: "Bring forward's average within 0.01 of the minimum.",
      reached: ({settings: {step}, states}) => step >= 100 && far(states.average, step) < 0.01,
    },
  ],
});
