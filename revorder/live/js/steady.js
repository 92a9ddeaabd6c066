// Recorded paths under several updates: where is backward the steadier order?

import {short} from "./basics.js";
import {choice, slider} from "./controls.js";
import {side} from "./intervals.js";
import {figure} from "./kit.js";
import {aboutTrend} from "./trends.js";
import {steadyStates} from "./steady_states.js";
import {tint} from "./tint.js";

const SETTINGS = ["SGD, h = 0.1, batch 8", "SGD, h = 0.3, batch 4", "SGD, h = 0.5, batch 8", "momentum 0.9, h = 0.01",
  "momentum 0.9, h = 0.1", "Adam, h = 0.003"];
const LINES = {forward: [], backward: [6, 3]}, RATIOS = [0.02, 30];
const rowOf = ({settings}) => settings.recording.settings.indexOf(settings.setting);

/** Both paths of the chosen seed with their trends. */
function drawPaths(live) {
  const {panels: {paths: panel}, settings: {seed, recording}, theme} = live, row = rowOf(live), {looks} = recording;
  const paths = Object.keys(LINES).map(order => [order, recording[order][row][seed], aboutTrend(looks, recording[order][row][seed])]);
  const all = paths.flatMap(([, losses]) => losses).filter(Number.isFinite), [low, high] = [Math.min(...all), Math.max(...all)];
  panel.begin(theme, [looks[0], looks.at(-1)], [low - 0.08 * (high - low), high + 0.08 * (high - low)]);
  for (const [order, losses, {line}] of paths) {
    panel.line(looks, line, {color: theme.ink, width: 1.2});
    panel.line(looks, losses, {color: theme[order], width: 1.8, dash: LINES[order]});
  }
}

/** One row for each setting: a dot for each seed, a bar for the interval of the mean. */
function drawRatioRows(live) {
  const {panels: {rows: panel}, settings: {seed}, states: {each, ratios}, theme} = live, chosen = rowOf(live);
  const log = Math.log10;
  panel.begin(theme);
  panel.box(panel.x[0], chosen - 0.47, panel.x[1], chosen + 0.47, {fill: theme.wash});
  panel.path([[0, panel.y[0]], [0, panel.y[1]]], {color: theme.muted, width: 1.5, dash: [6, 4]});
  panel.clipped(() => each.forEach((row, i) => {
    row.forEach((ratio, s) => panel.dot(log(ratio), i + 0.06, {size: s === seed && i === chosen ? 5.5 : 3.2, ring: s === seed && i === chosen,
      color: s === seed && i === chosen ? theme.ink : theme.backward, alpha: s === seed ? 1 : 0.6, shape: "square"}));
    const [mean, low, high] = ratios[i].map(log);
    panel.path([[low, i + 0.32], [high, i + 0.32]], {color: theme.ink, width: 3});
    panel.dot(mean, i + 0.32, {color: theme.ink, size: 3.6});
  }));
  SETTINGS.forEach((name, i) => panel.text(panel.x[0], i, name, {dx: 6, dy: -14, size: 12, color: theme.muted}));
}

function steadyTitle(live) {
  const {settings: {setting}, states: {each, ratios}} = live, row = rowOf(live), [mean, low, high] = ratios[row].map(v => short(v, 2));
  const below = each[row].filter(ratio => ratio < 1).length, said = side(ratios[row]);
  const verdict = said < 0 ? `${tint("backward")} is the steadier order` : said > 0 ? `${tint("backward")} is the wilder order` : "neither order is steadier for sure";
  return `${setting}: ${verdict}, its spread ${mean} of ${tint("forward", "forward's")} (95\u00a0%: ${low} to ${high}), below it at ${below} of ${each[row].length} seeds`;
}

export default figure({
  label: "Spreads about the trend under several updates, forward and backward, at 16 seeds",
  settings: ["setting", "seed", "recording"],
  states: steadyStates,
  panels: [
    {name: "rows", title: "Spread: backward / forward, 16 seeds; bars: 95\u00a0% of the mean", x: RATIOS.map(Math.log10), y: [5.6, -0.6],
      xticks: [[-1, "0.1"], [0, "1"], [1, "10"]], yticks: [], height: 300, basis: 340, grow: 1.2, xlabel: "ratio of the spreads"},
    {name: "paths", title: "Test loss of one seed (nats), with trends", x: [1500, 1750], y: [0, 1], height: 300, basis: 300, xlabel: "step n",
      marginRight: 18},
  ],
  handles: SETTINGS.map((name, i) => ({
    panel: "rows", label: () => name, area: ({panels: {rows}}) => [rows.x[0], i - 0.47, rows.x[1], i + 0.47],
    press: () => ({setting: name}), on: ({settings}) => settings.setting === name,
  })),
  controls: [choice("setting", "update", SETTINGS.map(name => [name, name])), slider("seed", "seed", 0, 15, 1)],
  draw(live) {
    drawRatioRows(live);
    drawPaths(live);
  },
  title: steadyTitle,
  read(live) {
    const {settings: {seed}, states} = live, row = rowOf(live);
    const both = Object.keys(LINES).map(order => tint(order, `${order} ${short(states[order][row][seed], 2)}`, "b")).join(", ");
    return `Seed ${seed}: spread about the trend ${both} nats, ratio <b>${short(states.each[row][seed], 2)}</b>`;
  },
  goals: [
    {
      text: "Find an update and a seed at which backward is at least twice as wild as forward.",
      reached: live => live.states.each[rowOf(live)][live.settings.seed] >= 2,
    },
  ],
});
