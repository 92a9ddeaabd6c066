// Two runs on the same batches: the slopes of the two maps in a plane, the gap on a logarithmic axis, and the paths.

import {short} from "./basics.js";
import {again, button} from "./controls.js";
import {COUPLED_STEPS, coupledStates, meanFactor} from "./coupled_states.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";

const GAPS = [1e-12, 1e4], PATHS = [-2, 3], STEEPEST = 2;
const CURVE = Array.from({length: 41}, (_, i) => 0.5 * 4 ** (i / 40)); // from 1/2 to 2

/** Which of the three regions of the plane the slopes are in. */
function region(slopes) {
  const sizes = slopes.map(Math.abs), product = sizes[0] * sizes[1];
  if (Math.max(...sizes) < 1) return "every";
  if (product < 0.9999) return "mean";
  return product > 1.0001 ? "grows" : "edge";
}

function drawSlopes(live) {
  const {panels: {slopes: panel}, settings: {slopes}, theme} = live, corners = [[1, 1], [-1, 1], [-1, -1], [1, -1]];
  panel.begin(theme);
  panel.box(-2, -2, 2, 2, {fill: theme.forward, color: theme.forward, alpha: 0.13});
  panel.path(star(), {fill: theme.paper, width: 0});
  panel.path(star(), {fill: theme.other, color: theme.other, alpha: 0.16, width: 1.2});
  panel.box(-1, -1, 1, 1, {fill: theme.backward, color: theme.backward, alpha: 0.2});
  panel.path([...corners, corners[0]], {color: theme.backward, width: 1.2});
  panel.text(0, 0.55, "both shrink", {align: "center", halo: false, size: 12});
  panel.text(0, 1.5, "shrink", {align: "center", halo: false, size: 12, dy: -7});
  panel.text(0, 1.5, "on average", {align: "center", halo: false, size: 12, dy: 8});
  for (const x of [-1.52, 1.52]) panel.text(x, 1.75, "grow", {align: "center", halo: false, size: 12});
  panel.path([[slopes[0], -2], [slopes[0], slopes[1]], [-2, slopes[1]]], {color: theme.muted, width: 1, dash: [3, 3]});
}

/** The outline of |s t| = 1 in the square of the panel. */
function star() {
  const quarter = CURVE.map(s => [s, 1 / s]);
  return [
    ...quarter, ...quarter.map(([s, t]) => [s, -t]).reverse(),
    ...quarter.map(([s, t]) => [-s, -t]), ...quarter.map(([s, t]) => [-s, t]).reverse(), quarter[0],
  ];
}

function drawGap(live) {
  const {panels: {gap: panel}, settings: {slopes, step}, states: {gap}, theme} = live, all = gap.map((_, n) => n);
  const rate = Math.max(...slopes.map(Math.abs)), mean = meanFactor(slopes), start = Math.max(gap[0], 1e-300);
  panel.begin(theme);
  panel.clipped(() => {
    panel.line(all, all.map(n => start * rate ** n), {color: theme.muted, width: 1.3, dash: [6, 4]});
    if (mean > 0) panel.line(all, all.map(n => start * mean ** n), {color: theme.other, width: 1.3, dash: [2, 3]});
    if (step) panel.line(all, gap, {color: theme.ink, width: 2}, 0, step + 1);
    panel.dot(step, gap[step], {color: theme.ink, size: 5});
  });
  label(panel, `ρⁿ, ρ = ${short(rate, 3)}`, start, rate, theme.muted, -1);
  label(panel, `mean slope ${short(mean, 3)}`, start, mean, theme.other, 1);
}

/** The name of a line, where the line is in the middle of what is seen of it. */
function label(panel, text, start, factor, color, side) {
  if (!(factor > 0)) return;
  const leaves = Math.log(GAPS[factor < 1 ? 0 : 1] / start) / Math.log(factor);
  const end = factor === 1 ? COUPLED_STEPS : leaves;
  const n = clamp(end, 0, COUPLED_STEPS) * (side < 0 ? 0.5 : 0.62), right = side < 0 ? n < 60 : n < 30;
  const dy = 12 * side * (factor > 1 ? -1 : 1), look = right ? {dx: 8, align: "left"} : {dx: -8, align: "right"};
  panel.text(n, start * factor ** n, text, {color, size: 12, dy, ...look});
}

function drawPaths(live) {
  const {panels: {paths: panel}, settings: {step}, states, theme} = live, steps = states.gap.map((_, n) => n);
  panel.begin(theme);
  panel.clipped(() => {
    for (const order of ["forward", "backward"]) {
      const [a, b] = states[order], color = theme[order];
      panel.line(steps, b, {color, width: 1.3, dash: [4, 3]}, 0, step + 1);
      panel.line(steps, a, {color, width: 1.8}, 0, step + 1);
      [b, a].forEach((path, k) => panel.dot(step, path[step], {color, size: 4.5, shape: k ? "circle" : "square"}));
    }
  });
}

const inReach = value => Number(clamp(value, -STEEPEST, STEEPEST).toFixed(2));

const startOf = name => ({
  panel: "paths", label: `start ${name}`, axis: "y", keyStep: 0.05, at: ({settings}) => [0, settings[name]],
  move: (live, [, y]) => ({[name]: Number(clamp(y, ...PATHS).toFixed(2))}),
  say: ({settings}) => `start ${name} at ${short(settings[name])}`,
});

/** How much backward moved in its last ten steps. */
function lastMove({settings: {step}, states}, order) {
  const [path] = states[order];
  let most = 0;
  for (let k = Math.max(1, step - 9); k <= step; k++) most = Math.max(most, Math.abs(path[k] - path[k - 1]));
  return most;
}

const TITLES = {
  every: (now, rate) =>
    `Both maps shrink: the gap, now ${now} of its start, never rises above ρⁿ with ρ = ${short(rate)}`,
  edge: now => `On the edge: stretching and shrinking balance, and the gap, now ${now} of its start, wanders`,
  grows: now => `Stretching wins on average: the gap is ${now} times its start`,
};

function message(live) {
  const {settings: {slopes, step, a, b}, states: {gap}} = live, kind = region(slopes);
  const part = gap[step] / gap[0], now = short(part, 2);
  if (a === b) return "The starts are equal, and so are the runs: drag one of them";
  if (!step) return "Press play: the same tosses move both runs, in both orders";
  if (kind !== "mean") return TITLES[kind](now, Math.max(...slopes.map(Math.abs)));
  if (part < 0.01) return `One of the maps stretches, and the gap dies all the same: ${now} of its start`;
  return `One map stretches: the gap is ${now} ${part < 1 ? "of" : "times"} its start, and dies in the long run`;
}

export default figure({
  label: "Two runs on the same batches, with slopes to choose",
  settings: ["slopes", "seed", "a", "b"],
  states: coupledStates,
  play: {length: () => COUPLED_STEPS, rate: () => 12, text: live => `step ${live.settings.step} of ${COUPLED_STEPS}`},
  panels: [
    {
      name: "slopes", title: "The slopes of the two maps", x: [-2, 2], y: [-2, 2], equal: true,
      xlabel: "slope at toss 0", ylabel: "slope at toss 1", height: 260, basis: 220, grow: 0.5,
      xticks: [-2, -1, 0, 1, 2], yticks: [-2, -1, 0, 1, 2],
    },
    {
      name: "gap", title: "The gap, in both orders", x: [0, COUPLED_STEPS], y: GAPS, logY: true,
      xlabel: "step n", ylabel: "gap", height: 260, basis: 215,
      yticks: [[1e-12, "1e−12"], [1e-8, "1e−8"], [1e-4, "1e−4"], [1, "1"], [1e4, "1e4"]], xticks: [0, 50, 100],
    },
    {
      name: "paths", title: "Forward and backward", x: [0, COUPLED_STEPS], y: PATHS, xlabel: "step n",
      height: 260, basis: 190, xticks: [0, 50, 100],
    },
  ],
  handles: [
    {
      panel: "slopes", label: "the two slopes", color: "ink", keyStep: 0.02, at: ({settings}) => settings.slopes,
      move: (live, point) => ({slopes: point.map(inReach)}),
      say: ({settings}) => `slopes ${settings.slopes.map(s => short(s)).join(" and ")}`,
    },
    startOf("a"), startOf("b"),
  ],
  controls: [again("Other tosses"), ...preset()],
  draw(live) {
    drawSlopes(live);
    drawGap(live);
    drawPaths(live);
    const look = {dx: 12, dy: -10, bold: true, size: 14};
    for (const name of ["a", "b"]) live.panels.paths.text(0, live.settings[name], name, look);
  },
  title: message,
  read(live) {
    const {slopes} = live.settings, moves = order => short(lastMove(live, order), 2);
    const mean = short(meanFactor(slopes)), [s, t] = slopes.map(slope => short(slope));
    return `Slopes <b>${s}</b> and <b>${t}</b>: mean √|s₀ s₁| = <b>${mean}</b>. Last ten moves at most:
      <span class="f">forward
      <b>${moves("forward")}</b></span>, <span class="b">backward <b>${moves("backward")}</b></span>`;
  },
  goals: [
    {
      text: "Let one map stretch (slope beyond 1 in size) and the gap fall below a millionth all the same.",
      reached: ({settings: {slopes, step}, states: {gap}}) => region(slopes) === "mean" && gap[step] < 1e-6 * gap[0],
    },
    {
      text: "Find a gap that first grows tenfold, and later is below a thousandth of its start.",
      reached: ({settings: {step}, states: {gap}}) => gap[step] < 1e-3 * gap[0]
        && Math.max(...gap.slice(0, step + 1)) > 10 * gap[0],
    },
  ],
});

/** Two slopes that are worth a look. */
function preset() {
  const pairs = [[[0.5, 0.5], "½ and ½"], [[-1.5, 0.5], "−1.5 and ½"]];
  return pairs.map(([slopes, text]) => button(text, () => ({slopes})));
}
