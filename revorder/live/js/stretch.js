// Local Lipschitz constants of a network's maps: dragged along the learning rate, played along training.

import {short} from "./basics.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";
import {stretchOf, stretchStates} from "./stretch_states.js";

const LOWEST = 0.005, FASTEST = 1, GRID = 100, TALLEST = 4;
const looked = ({settings: {step, recording}}) => recording.looks[step];
const few = value => short(Number(value.toFixed(3)), 4);

/** The constants against h, one line for each seed. */
function drawRateCurves({panels: {rates: panel}, settings: {lr, step, recording: {lowest, highest}}, states, theme}) {
  const hs = Array.from({length: GRID}, (_, i) => LOWEST + (FASTEST - LOWEST) * i / (GRID - 1));
  panel.begin(theme);
  ground(panel, theme);
  panel.path([[lr, panel.y[0]], [lr, panel.y[1]]], {color: theme.line, width: 1, dash: [3, 4]});
  panel.clipped(() => lowest[step].forEach((low, s) => {
    const lines = [["fifth", h => 1 - h * low], ["fourth", h => h * highest[step][s] - 1]];
    for (const [color, factor] of lines) {
      const own = h => stretchOf(h, low, highest[step][s]) === factor(h) ? factor(h) : NaN;
      panel.line(hs, hs.map(own), {color: theme[color], width: 1.4, alpha: 0.7});
    }
    panel.dot(lr, states.factors[step][s], {color: theme[states.isSteep(step, s) ? "fourth" : "fifth"], size: 4, ring: false,
      shape: states.isSteep(step, s) ? "square" : "circle"});
  }));
}

function ground(panel, theme) {
  panel.box(panel.x[0], panel.y[0], panel.x[1], 1, {fill: theme.wash});
  panel.path([[panel.x[0], 1], [panel.x[1], 1]], {color: theme.muted, width: 1.5, dash: [6, 4]});
}

/** The constants at this h along training, one dot for each seed. */
function drawAlongTraining({panels: {along: panel}, settings: {step}, states: {factors, bands, isSteep}, theme}) {
  const top = Math.min(TALLEST, Math.max(1.05, ...factors.flat()) * 1.01);
  panel.begin(theme, panel.x, [0.98, top]);
  ground(panel, theme);
  panel.box(step - 0.45, panel.y[0], step + 0.45, panel.y[1], {fill: theme.grid, alpha: 0.6});
  panel.clipped(() => factors.forEach((row, k) => {
    row.forEach((factor, s) => panel.dot(k - 0.25 + 0.4 * s / row.length, factor, {size: 3, ring: false, alpha: k === step ? 1 : 0.6,
      color: theme[isSteep(k, s) ? "fourth" : "fifth"], shape: isSteep(k, s) ? "square" : "circle"}));
    const [mean, low, high] = bands[k];
    panel.path([[k + 0.3, low], [k + 0.3, high]], {color: theme.ink, width: 2.2});
    panel.dot(k + 0.3, mean, {color: theme.ink, size: 3.6});
  }));
}

function stretchTitle(live) {
  const {settings: {lr, step}, states: {factors, steep}} = live, row = factors[step];
  const [least, most] = [Math.min(...row), Math.max(...row)].map(few), seeds = row.length;
  const where = step ? `After ${looked(live)} steps of training` : "At the start", map = `a map of h = ${short(lr)}`;
  const why = steep[step] === seeds ? "since the slope is too steep" : steep[step] ? `at ${steep[step]} of ${seeds} seeds since the slope is too steep`
    : "along negative curvature";
  if (most === "1") return `${where} ${map} stretches nothing any more, and shrinks no sum over classes: ${most}`;
  return `${where} ${map} stretches by ${least} to ${most}, ${why}`;
}

export default figure({
  label: "Local Lipschitz constants of the maps of a network, recorded at 16 seeds",
  settings: ["lr", "recording"],
  states: stretchStates,
  play: {length: ({settings}) => settings.recording.looks.length - 1, rate: () => 3, unit: "looks", text: live => `step ${looked(live)}`},
  panels: [
    {name: "rates", title: "Local Lipschitz constant at this step, by h", x: [0, 1], y: [0.9, TALLEST], xlabel: "learning rate h",
      height: 260, basis: 300},
    {name: "along", title: "At this h along training; bars: 95\u00a0% of the mean", x: [-0.7, 7.7], y: [0.98, 2], height: 260, grow: 1.3,
      basis: 340, xticks: [0, 20, 50, 100, 200, 400, 1000, 2000].map((n, i) => [i, String(n)]), xlabel: "step n"},
  ],
  handles: [
    {panel: "rates", label: "learning rate h", axis: "x", keyStep: 0.005, hint: "drag h",
      at: ({settings: {lr, step}, states: {bands}}) => [lr, Math.min(TALLEST * 0.98, bands[step][0])],
      move: (live, [x]) => ({lr: clamp(Number(x.toFixed(3)), LOWEST, FASTEST)}), say: ({settings}) => `h = ${short(settings.lr)}`},
  ],
  draw(live) {
    drawRateCurves(live);
    drawAlongTraining(live);
  },
  title: stretchTitle,
  read({settings: {step, recording: {lowest, highest}}, states: {bands}}) {
    const ends = [Math.min(...lowest[step]), Math.max(...highest[step])].map(v => short(v, 3));
    const [mean, low, high] = bands[step].map(few);
    return `Curvatures at this step from <b>${ends[0]}</b> to <b>${ends[1]}</b>; mean constant <b>${mean}</b> (95\u00a0%: ${low} to ${high})`;
  },
  goals: [
    {
      text: "Find the largest h, in thousandths, at which no map at the start stretches by more than 1.05.",
      reached: ({settings: {lr, step}, states: {most}}) => step === 0 && most(0, lr) <= 1.05 && most(0, lr + 0.001) > 1.05,
    },
    {
      text: "Find a step and an h at which all 16 maps stretch because the slope is too steep.",
      reached: ({settings: {step}, states: {steep, factors}}) => steep[step] === factors[step].length,
    },
  ],
});
