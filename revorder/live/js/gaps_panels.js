// The panels of recorded gaps: one quantity along the steps, all three at one step, and the loss beside them.

import {QUANTITIES} from "./gaps_states.js";

export const NAMES = {parameters: "parameters", logits: "logits", probabilities: "probabilities"};
const COLOURS = {parameters: "fourth", logits: "fifth", probabilities: "other"};
const SHAPES = {parameters: "square", logits: "diamond", probabilities: "circle"};

/** Steps are drawn on a square-root axis: the first hundreds have room, and what is level stays level. */
export const onAxis = Math.sqrt;
export const STEPS = {
  x: [0, onAxis(2000)], xticks: [0, 50, 200, 400, 1000, 2000].map(n => [onAxis(n), String(n)]),
  xlabel: "step n (square-root axis)", marginRight: 18,
};

/** The step that is shown, as an upright line. */
function mark(panel, n, theme) {
  panel.path([[onAxis(n), panel.y[0]], [onAxis(n), panel.y[1]]], {color: theme.line, width: 1, dash: [3, 4]});
}

export function drawGaps({panels: {gap: panel}, settings: {compared, seed, step, recording: {looks}}, states: {gaps, bands}, theme}) {
  const xs = looks.map(onAxis), color = theme[COLOURS[compared]], upTo = step + 1;
  panel.begin(theme);
  panel.path([[panel.x[0], 1], [panel.x[1], 1]], {color: theme.muted, width: 1.3, dash: [6, 4]});
  mark(panel, looks[step], theme);
  panel.clipped(() => {
    for (const row of gaps[compared]) panel.line(xs, row, {color: theme.muted, width: 1, alpha: 0.4}, 0, upTo);
    const band = [1, 2].map(i => xs.slice(0, upTo).map((x, k) => [x, bands[compared][k][i]]));
    panel.path([...band[0], ...band[1].reverse()], {fill: color, width: 0, alpha: 0.25});
    panel.line(xs, gaps[compared][seed], {color: theme.ink, width: 1.6}, 0, upTo);
    panel.line(xs, bands[compared].map(([mean]) => mean), {color, width: 3}, 0, upTo);
  });
}

export function drawNow({panels: {now: panel}, settings: {seed, step, recording: {looks}}, states: {gaps, bands}, theme}) {
  const title = `All three at step ${looks[step]}; bars: 95\u00a0%`;
  if (panel.title.textContent !== title) panel.title.textContent = title;
  panel.begin(theme);
  panel.path([[-0.5, 1], [2.5, 1]], {color: theme.muted, width: 1.3, dash: [6, 4]});
  QUANTITIES.forEach((name, i) => {
    const color = theme[COLOURS[name]], shape = SHAPES[name], rows = gaps[name];
    rows.forEach((row, k) => panel.dot(i - 0.3 + 0.4 * k / rows.length, row[step],
      {color: k === seed ? theme.ink : color, size: k === seed ? 5 : 3.2, ring: false, alpha: k === seed ? 1 : 0.65, shape}));
    const [mean, low, high] = bands[name][step];
    panel.path([[i + 0.25, low], [i + 0.25, high]], {color, width: 2.5});
    panel.dot(i + 0.25, mean, {color, size: 6, shape});
  });
}

export function drawLosses({panels: {loss: panel}, settings: {seed, step, recording: {looks}}, states: {losses}, theme}) {
  const xs = looks.map(onAxis);
  panel.begin(theme);
  mark(panel, looks[step], theme);
  panel.clipped(() => {
    for (const row of losses) panel.line(xs, row, {color: theme.muted, width: 1, alpha: 0.4}, 0, step + 1);
    panel.line(xs, losses[seed], {color: theme.ink, width: 1.8}, 0, step + 1);
  });
}
