// Recorded networks: the share of the gap that the bracket misses, by width, batch size and learning rate.

import {short} from "./basics.js";
import {kinksStates} from "./brackets_relu_states.js";
import {choice} from "./controls.js";
import {figure} from "./kit.js";

const WIDTHS = [16, 32, 64, 128, 256, 512], SIZES = [8, 16, 32, 64, 128], RATES = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3];
const SIDE = 0.47, TOP = 1.25;
const percent = share => share < 0.0095 ? "<1" : short(100 * share, share < 0.995 ? 2 : 3);

/** A cell for each width and batch size, the darker the more is missed. */
function drawMap(live) {
  const {panels: {map: panel}, states: {map, at}, theme} = live;
  panel.begin(theme);
  map.forEach((row, w) => row.forEach((share, b) => {
    panel.box(w - SIDE, b - SIDE, w + SIDE, b + SIDE, {fill: theme.fourth, color: theme.fourth, alpha: 0.06 + 0.6 * Math.min(1, share)});
    const mine = w === at[0] && b === at[1];
    panel.text(w, b, percent(share), {align: "center", size: mine ? 13.5 : 12, bold: mine, dy: mine ? -9 : 0});
  }));
  const [w, b] = at, [x, y] = [[w - SIDE, w + SIDE], [b - SIDE, b + SIDE]];
  panel.path([[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]], [x[0], y[0]]], {color: theme.ink, width: 2});
}

function drawShare(live) {
  const {panels: {share: panel}, states: {share: [low, middle, high], other, at}, settings: {activation}, theme} = live;
  const xs = RATES.map((_, i) => i), band = [...xs.map(i => [i, high[i]]), ...xs.map(i => [i, low[i]]).reverse()];
  const name = activation === "ReLU" ? "tanh" : "ReLU";
  panel.begin(theme);
  panel.clipped(() => {
    panel.path([[0, 1], [xs.at(-1), 1]], {color: theme.line, width: 1.2, dash: [2, 4]});
    panel.path(band, {fill: theme.fourth, width: 0, alpha: 0.22});
    panel.line(xs, other, {color: theme.muted, width: 1.8, dash: [5, 4]});
    panel.line(xs, middle, {color: theme.fourth, width: 2.4});
    panel.path([[at[2], 0], [at[2], middle[at[2]]]], {color: theme.line, width: 1.2, dash: [2, 3]});
  });
  panel.text(0, 1, "all of the gap", {color: theme.muted, dy: -9, dx: 4});
  const named = (value, text, style) => panel.text(4, value, text, {align: "center", dy: value > 0.5 ? 15 : -12, ...style});
  named(middle[4], activation, {color: theme.fourth, bold: true});
  if (Math.abs(middle[4] - other[4]) > 0.12) named(other[4], name, {color: theme.muted});
}

function drawLines(live) {
  const {panels: {sizes: panel}, states: {gap, error, at, slopes}, theme} = live, xs = RATES.map(Math.log10), last = RATES.length - 1;
  panel.begin(theme);
  panel.clipped(() => {
    for (const [values, slope] of [[gap, 2], [error, 3]]) {
      panel.line(xs, RATES.map(h => values[last] * (h / RATES[last]) ** slope), {color: theme.grid, width: 8});
    }
    for (const [values, color] of [[gap, "ink"], [error, "fourth"]]) {
      panel.line(xs, values, {color: theme[color], width: 2});
      panel.dot(xs[at[2]], values[at[2]], {color: theme[color], size: 5});
    }
  });
  panel.text(xs[0], panel.y[1], `gap: slope ${slopes[0].toFixed(2)}`, {bold: true, dx: 8, dy: 14});
  panel.text(xs[0], panel.y[1], `missed: slope ${slopes[1].toFixed(2)}`, {color: theme.fourth, bold: true, dx: 8, dy: 32});
}

const where = ({activation, width, batch_size: size, lr}) => `${activation}, width ${width}, batches of ${size}, h = ${lr}`;

function kinksTitle({settings, states: {share, at}}) {
  const middle = share[1][at[2]];
  if (middle >= 0.9) return `${where(settings)}: the bracket is of no use, it misses ${percent(middle)}\u00a0% of the gap`;
  return `${where(settings)}: the bracket misses ${percent(middle)}\u00a0% of the gap`;
}

const nearest = (values, x) => values[Math.max(0, Math.min(values.length - 1, Math.round(x)))];
const listed = values => values.map(value => [value, String(value)]);

export default figure({
  label: "The share of the gap between two orders that the bracket misses in networks, by width, batch size and learning rate",
  settings: ["activation", "width", "batch_size", "lr", "recording"],
  states: kinksStates,
  panels: [
    {name: "map", title: "Missed, in % of the gap (median)", x: [-0.5, 5.5], y: [-0.5, 4.5], height: 236, grow: 1.15, basis: 270,
      xlabel: "width", ylabel: "batch size", xticks: WIDTHS.map((w, i) => [i, String(w)]), yticks: SIZES.map((b, i) => [i, String(b)])},
    {name: "share", title: "Missed, as a share (band: quartiles)", x: [-0.25, 6.25], y: [0, TOP], height: 236, basis: 240,
      xlabel: "learning rate h", xticks: RATES.map((h, i) => [i, String(h)]).filter((_, i) => i % 2 === 1), yticks: [0, 0.5, 1]},
    {name: "sizes", title: "Medians; wide: slopes 2 and 3", x: [-3.6, -0.4], y: [1e-9, 3], logY: true, height: 236, basis: 230,
      xlabel: "learning rate h", xticks: [0.001, 0.01, 0.1].map(h => [Math.log10(h), String(h)]),
      yticks: [[1e-8, "1e−8"], [1e-6, "1e−6"], [1e-4, "1e−4"], [1e-2, "0.01"], [1, "1"]]},
  ],
  handles: [
    {panel: "map", label: "width and batch size", keyStep: 1, color: "ink", at: ({states: {at}}) => [at[0], at[1] - 0.16],
      move: (live, [x, y]) => ({width: nearest(WIDTHS, x), batch_size: nearest(SIZES, y + 0.16)}),
      say: ({settings}) => `width ${settings.width}, batches of ${settings.batch_size}`},
    {panel: "share", label: "learning rate h", axis: "x", keyStep: 1, color: "fourth", hint: "drag h",
      at: ({states: {at, share}}) => [at[2], Math.min(share[1][at[2]], TOP * 0.98)], move: (live, [x]) => ({lr: nearest(RATES, x)}),
      say: ({settings}) => `h = ${settings.lr}`},
  ],
  controls: [
    choice("activation", "activation", [["ReLU", "ReLU"], ["tanh", "tanh"]]), choice("width", "width", listed(WIDTHS)),
    choice("batch_size", "batch size", listed(SIZES)), choice("lr", "learning rate h", listed(RATES)),
  ],
  draw(live) {
    drawMap(live);
    drawShare(live);
    drawLines(live);
  },
  title: kinksTitle,
  read({settings: {recording}, states: {share, at, gap}}) {
    const [low, middle, high] = share.map(each => each[at[2]]);
    return `Median over ${recording.seeds} seeds: gap <b>${short(gap[at[2]], 2)}</b>, missed <b>${percent(middle)}\u00a0%</b> of it; `
      + `half of the seeds lie between ${percent(low)} and ${percent(high)}\u00a0%`;
  },
  goals: [
    {text: "With ReLU at h = 0.3: find sizes at which the bracket misses less than a fifth.",
      reached: ({settings: {activation, lr}, states: {share, at}}) => activation === "ReLU" && lr === 0.3 && share[1][at[2]] < 0.2},
    {text: "Width 512 with ReLU: find where the bracket misses more than 90\u00a0%.",
      reached: ({settings: {activation, width}, states: {share, at}}) => activation === "ReLU" && width === 512 && share[1][at[2]] > 0.9},
  ],
});
