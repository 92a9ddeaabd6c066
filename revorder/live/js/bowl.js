// A noisy bowl: 200 runs in it, forward and in another order, and the learning rate dragged on the variance's curve.

import {short} from "./basics.js";
import {bowlCovariance, bowlStates, bowlVariance, BOWL_SEEDS, BOWL_STEPS, curvatures, fromAxes, lastBowlMoves} from "./bowl_states.js";
import {again, choice, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";

const REACH = 3, TOP = 6, FASTEST = 2.3, TARGET = 2, TRAIL = 12, REST = 0.01;
const ORDER_NAMES = {backward: "backward", "backward-window:20": "window of 20", "backward-blocks:20": "blocks of 20",
  "backward-tail:50": "tail from 50", "two-sided": "two-sided"};

const colourName = order => order === "forward" || order === "backward" ? order : "other";
const said = order => `<span class="${colourName(order)[0]}">${(ORDER_NAMES[order] ?? order).split(" ")[0]}</span>`;

function ring(of) {
  return Array.from({length: 73}, (_, i) => fromAxes(of(Math.cos(i / 36 * Math.PI), Math.sin(i / 36 * Math.PI))));
}

/** The level lines of the loss, then the ellipse within which 86 % of a stationary cloud lie. */
function drawGround(panel, {lr, condition}, theme) {
  const [p, q] = curvatures(condition);
  for (const level of [0.5, 1, 1.5, 2, 2.5, 3, 3.5]) {
    panel.path(ring((c, s) => [level * c / Math.sqrt(p), level * s / Math.sqrt(q)]), {color: theme.grid, width: 1.3});
  }
  const found = bowlCovariance(lr, condition);
  if (!found) return;
  const [a, b, between] = found, left = Math.sqrt(a), low = between / left, rest = Math.sqrt(b - low ** 2);
  panel.path(ring((c, s) => [2 * left * c, 2 * (low * c + rest * s)]), {color: theme.ink, width: 2});
}

/** All runs at the step shown, on their way from the one before; the first one with its trail. */
function drawCloud(live, name, order) {
  const {panels: {[name]: panel}, settings: {step, start}, states, theme} = live, color = theme[colourName(order)];
  const to = states.cloud(order, step), from = live.phase < 1 && step ? states.cloud(order, step - 1) : to;
  const at = i => from[i] + live.phase * (to[i] - from[i]);
  call(panel, name === "first" ? "Forward: 200 runs, one with its trail" : `The same batches: ${ORDER_NAMES[order]}`);
  panel.begin(theme);
  panel.clipped(() => {
    drawGround(panel, live.settings, theme);
    panel.dot(...start, {color: theme.muted, size: 3});
    const small = {color, size: 2.3, ring: false, alpha: 0.6};
    for (let k = 1; k < BOWL_SEEDS; k++) panel.dot(at(2 * k), at(2 * k + 1), small);
    const trail = states.path(order, Math.max(0, step - TRAIL), Math.max(0, step - 1));
    panel.path([...trail, [at(0), at(1)]], {color, width: 1.6});
    panel.dot(at(0), at(1), {color, size: 7, shape: order === "forward" ? "circle" : "square"});
  });
}

function call(panel, title) {
  if (panel.title.textContent !== title) panel.title.textContent = title;
}

function drawVariance(live) {
  const {panels: {variance: panel}, settings: {lr, condition, order}, theme} = live;
  const rates = Array.from({length: 198}, (_, i) => 0.01 * (i + 1));
  const curve = small => rates.map(h => [h, bowlVariance(h, condition, small)]);
  panel.begin(theme);
  panel.clipped(() => {
    panel.box(2, 0, 2.4, TOP, {fill: theme.wash});
    panel.path([[0, TARGET], [2.4, TARGET]], {color: theme.line, width: 1.3, dash: [2, 4]});
    panel.path(curve(true), {color: theme.muted, width: 1.6, dash: [6, 4]});
    panel.path(curve(false), {color: theme.ink, width: 2.4});
    panel.path([[2, 0], [2, TOP]], {color: theme.ink, width: 1.3, dash: [4, 4]});
    for (const [each, side] of [["forward", -0.14], [order, 0.14]]) {
      const value = measured(live, each), color = theme[colourName(each)];
      panel.path([[lr + side, value], [lr, value]], {color, width: 2});
      panel.dot(lr + side, value, {color, size: 5, shape: each === "forward" ? "circle" : "square"});
    }
  });
  panel.text(1.98, 0.3, "2/L", {color: theme.muted, align: "right"});
  nameCurve(panel, h => bowlVariance(h, condition), "exact", {align: "right", dx: -9});
  const style = {align: "right", dy: -14, color: theme.muted};
  nameCurve(panel, h => bowlVariance(h, condition, true), "small h", style, 1.92);
}

/** A name where the curve leaves the frame, or else near its end. */
function nameCurve(panel, value, name, style, from = 1.65) {
  let h = from;
  while (value(h) > TOP * 0.88) h -= 0.01;
  panel.text(h, value(h), name, style);
}

/** The mean squared distance from the minimum over all runs. */
function measured({states, settings: {step}}, order) {
  return states.cloud(order, step).reduce((sum, v) => sum + v * v, 0) / BOWL_SEEDS;
}

/** How many runs are at rest: their last six moves are all below 1 % of the cloud's size. */
function resting({states, settings: {lr, condition, step}}, order) {
  if (lr >= 2) return 0;
  const most = REST * Math.sqrt(bowlVariance(lr, condition));
  return lastBowlMoves(states, order, step).filter(move => move < most).length;
}

function outside({states, settings: {step}}, order) {
  const cloud = states.cloud(order, step), within = v => Math.abs(v) < REACH;
  return Array.from({length: BOWL_SEEDS}, (_, k) => within(cloud[2 * k]) && within(cloud[2 * k + 1]))
    .filter(inside => !inside).length;
}

/** What the start still weighs along the flattest axis, in sizes of the cloud. */
function remembered({settings: {lr, condition, step, start}}) {
  const left = Math.max(...curvatures(condition).map(l => Math.abs(1 - lr * l) ** step));
  return left * Math.hypot(...start) / Math.sqrt(bowlVariance(lr, condition));
}

function bowlTitle(live) {
  const {lr, order, step} = live.settings;
  if (step < 5) return "200 runs leave one point of a noisy bowl, each with its own batches: press play, drag h";
  if (lr >= 2) {
    const [gone, others] = ["forward", order].map(each => `${outside(live, each)} ${said(each)}`);
    return `From h = 2/L on nothing is stationary: ${gone} and ${others} runs of 200 are out of sight`;
  }
  const [f, o] = [resting(live, "forward"), resting(live, order)];
  const same = "Both clouds fill the same ellipse", F = said("forward");
  if (remembered(live) > 0.5) return "The start is not forgotten: the clouds are still on their way to the ellipse";
  if (o === BOWL_SEEDS && f < 5) return `${same}, but every ${said(order)} run is at rest, no ${F} run is`;
  if (o < 5 && f < 5 && order !== "backward") return `${same}; ${said(order)} runs jitter on and on, as ${F} runs do`;
  if (o < 5 && f < 5) return `${same}, and no run is at rest yet, ${F} or ${said(order)}`;
  return `${o} of 200 ${said(order)} runs are at rest, ${f} ${F} ones`;
}

const SIDES = {x: [-REACH, REACH], y: [-REACH, REACH], xticks: [-3, 0, 3], yticks: [-3, 0, 3]};
const PLANE = {...SIDES, equal: true, height: 236, basis: 230};

export default figure({
  label: "Many runs of SGD in a noisy bowl, forward and in another order, and their variance against the learning rate",
  settings: ["lr", "condition", "order", "start", "seed"],
  states: bowlStates,
  play: {length: () => BOWL_STEPS, rate: () => 12, autoplay: true,
    text: ({settings}) => `step ${settings.step} of ${BOWL_STEPS}`},
  panels: [
    {...PLANE, name: "first", title: "Forward: 200 runs, one with its trail"},
    {...PLANE, name: "second", title: "The same batches"},
    {name: "variance", title: "Stationary variance tr Σ", x: [0, 2.4], y: [0, TOP], xlabel: "learning rate h",
      height: 236, grow: 1.35, basis: 250},
  ],
  handles: [
    {panel: "variance", label: "learning rate h", axis: "x", keyStep: 0.01, hint: "drag h",
      at: ({settings: {lr, condition}}) => [lr, Math.min(TOP * 0.985, bowlVariance(lr, condition))],
      move: (live, [x]) => ({lr: clamp(Number(x.toFixed(2)), 0.02, FASTEST)}),
      say: ({settings}) => `h = ${short(settings.lr)}`},
    {panel: "first", label: "start", color: "muted", at: ({settings}) => settings.start,
      say: ({settings}) => `start at ${settings.start.map(v => short(v, 2)).join(", ")}`,
      move: (live, point) => ({start: point.map(v => clamp(v, -2.9, 2.9))})},
  ],
  controls: [choice("order", "compare forward with", Object.entries(ORDER_NAMES)),
    slider("condition", "condition number", 1, 20, 1), again("New noise")],
  draw(live) {
    drawCloud(live, "first", "forward");
    drawCloud(live, "second", live.settings.order);
    drawVariance(live);
  },
  title: bowlTitle,
  read(live) {
    const {lr, condition, order} = live.settings;
    const [exact, small] = [false, true].map(each => bowlVariance(lr, condition, each));
    const found = ["forward", order].map(each => `${said(each)} ${short(measured(live, each), 2)}`).join(", ");
    return `h = <b>${short(lr)}</b>: predicted tr Σ ${lr < 2 ? short(exact, 2) : "none"}, small h ${short(small, 2)}. `
      + `Mean squared distance from the minimum now: ${found}`;
  },
  goals: [
    {text: "Find the largest h whose stationary variance is below 2 (dotted), to within 3\u00a0%.",
      reached: ({settings: {lr, condition}}) => Math.abs(bowlVariance(lr, condition) / TARGET - 0.985) < 0.015},
    {text: "Make it explode: send all 200 runs out of the frame, in both orders.",
      reached: live => ["forward", live.settings.order].every(order => outside(live, order) === BOWL_SEEDS)},
    {text: "Find another order in which all 200 runs come to rest.",
      reached: live => live.settings.order !== "backward" && resting(live, live.settings.order) === BOWL_SEEDS},
  ],
});
