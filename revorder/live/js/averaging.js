// Averaging against backward: one run at the left, mean square errors over seeds at the right, both against log N.

import {averagingStates, MOST_BATCHES, RUNS} from "./averaging_states.js";
import {short} from "./basics.js";
import {again, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";

const WAYS = ["backward", "ema", "mean"], COLOUR_OF = {backward: "backward", ema: "other", mean: "forward"};
const SEEN = [...new Set(Array.from({length: 91}, (_, i) => Math.round(10 ** (i / 30))))]; // N that are drawn
const MARKED = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000];
const FLOOR = 5e-5, AT_START = -0.12, TICKS = [1, 10, 100, 1000].map(n => [Math.log10(n), String(n)]);
const AXIS = {x: [AT_START, 3.02], xlabel: "number of batches N", xticks: TICKS, height: 270, marginRight: 22};
const [blue, green, orange] = ["b", "o", "f"].map(name => text => `<span class="${name}">${text}</span>`);

const at = n => n ? Math.log10(n) : AT_START;
const resting = live => !live.player.running && !live.root.querySelector(".live-held");

function drawOneRun(live) {
  const {panels: {run: panel}, settings: {step}, states: {path}, theme} = live;
  const points = (values, to) => Array.from({length: to + 1}, (_, n) => [at(n), values[n]]);
  panel.begin(theme);
  panel.path([[panel.x[0], 0.5], [panel.x[1], 0.5]], {color: theme.ink, width: 1.2, dash: [6, 3]});
  panel.path(points(path.theta, step), {color: theme.forward, width: 1, alpha: 0.4});
  for (const way of WAYS) {
    panel.path(points(path[way], step), {color: theme[COLOUR_OF[way]], width: 2.2});
    panel.dot(at(step), path[way][step], {color: theme[COLOUR_OF[way]], size: 5});
  }
  panel.text(panel.x[0], 0.5, "minimiser", {color: theme.ink, size: 12, dx: 10, dy: -10});
}

function drawErrors(live) {
  const {panels: {error: panel}, settings: {step}, states: {exact, simulated, worth}, theme} = live;
  panel.begin(theme);
  panel.path([[at(step), panel.y[0]], [at(step), panel.y[1]]], {color: theme.line, width: 1.3, dash: [3, 3]});
  panel.path(SEEN.map(n => [at(n), 0.25 / n]), {color: theme.ink, width: 1.3, dash: [6, 3]});
  for (const way of WAYS) {
    const color = theme[COLOUR_OF[way]];
    panel.path(SEEN.map(n => [at(n), exact[way][n]]), {color, width: 1.5, alpha: 0.35});
    panel.path([...SEEN.filter(n => n < step), step].map(n => [at(n), exact[way][n]]), {color, width: 2.2});
    MARKED.forEach(n => n <= step && panel.dot(at(n), simulated[way][n], {color, size: 3}));
  }
  const level = 0.25 / worth;
  if (worth >= 1 && worth <= MOST_BATCHES) panel.dot(at(worth), level, {color: theme.ink, size: 5, shape: "diamond"});
  WAYS.forEach(way => panel.dot(at(step), exact[way][step], {color: theme[COLOUR_OF[way]], size: 5.5}));
}

function drawNames({panels: {error: panel}, settings: {decay}, theme}) {
  const names = {
    backward: theme.backward, [`EMA, γ = ${short(decay)}`]: theme.other, "mean of forward": theme.forward,
    "mean of the batches": theme.ink,
  };
  Object.entries(names).forEach(([name, color], i) => {
    panel.text(panel.x[0], panel.y[0], name, {color, size: 12, dx: 8, dy: -64 + 16 * i});
  });
}

/** Whether N is where the mean of forward overtakes backward, give or take one batch or 2 %. */
function crossing({settings: {lr, start, step}, states: {first}}) {
  return lr <= 0.1 && start <= 0.02 && Math.abs(step - first) <= Math.max(1, 0.02 * first);
}

function compare({settings: {step}, states: {exact}}) {
  const times = exact.backward[step] / exact.mean[step];
  return {times, ahead: times > 1 + 1e-9, said: short(times > 1 ? times : 1 / times, 2)};
}

export default figure({
  label: "Mean square errors of backward and of three averages, against the number of batches",
  settings: ["lr", "decay", "start", "seed"],
  states: averagingStates,
  play: {
    length: () => MOST_BATCHES, rate: ({settings}) => 4 + settings.step / 2, unit: "number of batches N",
    text: ({settings}) => `N = ${settings.step}`,
  },
  panels: [
    {name: "run", title: "One run (thin: forward itself)", y: [-0.03, 1.03], yticks: [0, 0.5, 1], ...AXIS},
    {
      name: "error", title: `Mean square error over seeds (dots: ${RUNS} runs)`, grow: 1.2,
      y: [FLOOR, 0.5], logY: true, yticks: [0.1, 0.01, 0.001, [1e-4, "10⁻⁴"]], ...AXIS,
    },
  ],
  handles: [
    {
      panel: "run", label: "start θ₀", axis: "y", keyStep: 0.02, at: ({settings}) => [AT_START, settings.start],
      move: (live, [, y]) => ({start: clamp(Number(y.toFixed(2)), 0, 1)}),
      say: ({settings}) => `θ₀ = ${short(settings.start)}`,
    },
    {
      panel: "error", label: "number of batches N", axis: "x", keyStep: 0.01,
      at: ({settings}) => [at(settings.step), FLOOR], say: ({settings}) => `N = ${settings.step}`,
      move: ({settings: {step}}, [x]) => ({step: moved(step, x)}),
    },
  ],
  controls: [
    slider("lr", "learning rate h", 0.02, 0.9, 0.01), slider("decay", "EMA decay γ", 0.8, 0.999, 0.001), again(),
  ],
  draw(live) {
    drawOneRun(live);
    drawErrors(live);
    drawNames(live);
  },
  title(live) {
    const {settings: {step}} = live, {ahead, said, times} = compare(live);
    if (!step) return "Press play: which error goes on falling?";
    if (Math.abs(times - 1) < 1e-9) return "After one batch, all of forward and backward is one and the same move";
    const [ours, theirs] = [blue("backward"), orange(ahead ? "mean of forward" : "mean")];
    if (!ahead) return `N = ${step}: ${ours} is ${said} times better; the ${theirs} remembers its start`;
    return `N = ${step}: the ${theirs} has an error ${said} times smaller than that of ${ours}`;
  },
  read({settings: {step}, states: {exact, worth}}) {
    const [b, e, m] = WAYS.map(way => short(exact[way][step], 2));
    const errors = `Mean square error: ${blue(`backward ${b}`)}, ${green(`EMA ${e}`)}, ${orange(`mean ${m}`)}`;
    return `${errors} · ◆ B∞ is worth the mean of <b>${short(worth)}</b> batches`;
  },
  goals: [
    {
      text: "From θ₀ = 0 at h ≤ 0.1: find the N from which on the mean of forward beats backward.",
      reached: live => resting(live) && crossing(live),
    },
    {
      text: "From θ₀ = 0 at h ≤ 0.1: bring the EMA below a tenth of backward's error.",
      reached: ({settings: {lr, start, step}, states: {exact}}) => lr <= 0.1 && start <= 0.02
        && exact.ema[step] < exact.backward[step] / 10,
    },
  ],
});

/** The N at a place of the axis; an arrow key moves it by one at least. */
function moved(step, x) {
  const near = Math.round(10 ** x), before = at(step);
  const turn = near === step && Math.abs(x - before) > 0.005 ? Math.sign(x - before) : 0;
  return clamp(near + turn, 1, MOST_BATCHES);
}
