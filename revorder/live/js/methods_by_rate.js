// Methods at an equal budget of gradients, recorded at the same learning rates: who ends below whom, and at which rate?

import {short} from "./basics.js";
import {choice} from "./controls.js";
import {figure} from "./kit.js";
import {drawGaps, drawHeat, drawPaths, cellText} from "./methods_by_rate_panels.js";
import {methodsByRateStates} from "./methods_by_rate_states.js";
import {CellGrid} from "./methods_grid.js";
import {tint} from "./tint.js";

const SHOWN = [
  ["loss", "test loss"],
  ["spread", "spread along the path"],
];
const AT = [
  ["own", "tuned rates"],
  ["same", "one rate for all"],
];
const TITLES = {
  loss: "Test loss at the end (nats); framed: tuned",
  spread: "Spread about the trend (nats); framed: tuned",
};
const VERBS = {loss: ["ends", "below", "above"], spread: ["is", "steadier than", "less steady than"]};
const counts = n => n.toLocaleString("en");
const coloured = name => (name === "forward" || name === "backward" ? tint(name) : name);

/** The selected cell and the reference are the same runs. */
const itself = ({states: {row, base, at, baseAt}}) => row === base && at === baseAt;

function asCompared(live) {
  const {settings: {method, lr, reference, shown, recording}, states: {rows, row, baseAt}} = live,
    {middle, low, high, better, gaps} = rows[row];
  const own = `${coloured(method)} at h = ${lr}`,
    other = `${coloured(reference)} at ${recording.rates[baseAt]}`,
    [verb, less, more] = VERBS[shown];
  if (itself(live)) return `${own} is the reference: choose another cell`;
  if (!Number.isFinite(middle)) return `${own}: some seeds leave the finite numbers`;
  if (low <= 0 && high >= 0) return `${own} and ${other} are not told apart by ${gaps.length} seeds`;
  const times = middle < 0 ? better : gaps.filter(gap => gap > 0).length,
    by = `${short(Math.abs(middle), 2)} nats`;
  return `${own} ${verb} ${by} ${middle < 0 ? less : more} ${other}, at ${times} of ${gaps.length} seeds`;
}

function inNumbers(live) {
  const {settings: {method, reference, recording}, states: {rows, row, base}} = live,
    {budget, tail, prices} = recording,
    {middle, low, high, gaps} = rows[row];
  const price = m => `${recording.methods[m]} <b>${counts(prices[m])}</b>`;
  const paths = `evaluations: one model <b>${counts(budget)}</b>, ${tail.length} looks at its path ${price(row)}`;
  const costs = method === reference ? paths : `${paths}, ${price(base)}`;
  if (itself(live) || !Number.isFinite(middle)) return costs;
  const [from, to] = [low, high].map(value => short(value, 2));
  return `Difference <b>${short(middle, 2)}</b> nats (95\u00a0%: ${from} to ${to}, ${gaps.length} paired seeds) · ${costs}`;
}

const losesTo = ({settings: {shown, rates, reference, recording}, states: {rows}}, name) =>
  shown === "loss" && rates === "same" && reference === "backward" && rows[recording.methods.indexOf(name)].low > 0;

export default figure({
  label: "Methods at an equal budget, recorded at the same learning rates",
  settings: ["method", "lr", "reference", "shown", "rates", "recording"],
  states: methodsByRateStates,
  panels: [
    {name: "heat", title: " ", x: [0, 1], y: [0, 1], bare: true, height: 292, basis: 330, grow: 1.25},
    {name: "gaps", title: "Paired differences", x: [0, 1], y: [0, 1], bare: true, height: 292, basis: 200},
    {
      name: "paths",
      title: "Test loss along the path",
      x: [0, 1750],
      y: [0.02, 9],
      logY: true,
      yticks: [[0.05, "0.05"], [0.1, "0.1"], [0.2, "0.2"], [0.5, "0.5"], [1, "1"], [2, "2"]],
      xticks: [0, 500, 1000, 1500],
      xlabel: "evaluations for the model",
      height: 292,
      basis: 210,
      marginRight: 14,
    },
  ],
  handles: [
    {
      make: live =>
        new CellGrid(
          {
            panel: "heat",
            label: "Methods by learning rates; arrow keys choose a cell",
            rows: ({settings}) => settings.recording.methods,
            columns: ({settings}) => settings.recording.rates,
            at: ({states: {row, at}}) => [row, at],
            pick: ({settings: {recording}}, i, j) => ({method: recording.methods[i], lr: recording.rates[j]}),
            say: ({settings: {recording}, states: {means, tuned}}, i, j) =>
              `${recording.methods[i]} at ${recording.rates[j]}: ${cellText(means[i][j])}${tuned[i] === j ? ", tuned" : ""}`,
          },
          live,
        ),
    },
  ],
  controls: ({recording}) => [
    choice("shown", "show", SHOWN),
    choice("rates", "compare", AT),
    choice("reference", "with", recording.methods.map(name => [name, name])),
  ],
  draw(live) {
    const {panels, settings: {shown, reference}} = live;
    panels.heat.title.textContent = TITLES[shown];
    panels.gaps.title.textContent = `Minus ${reference} (nats); dots: seeds`;
    drawHeat(live);
    drawGaps(live);
    drawPaths(live);
  },
  title: asCompared,
  read: inNumbers,
  goals: [
    {
      text: "All at one rate: find one at which decay is beyond doubt the loser to backward.",
      reached: live => losesTo(live, "decay"),
    },
    {
      text: "At tuned rates again: a method at a rate that is not its tuned one, and still below backward.",
      reached: ({settings: {shown, rates, reference}, states: {rows, row, at, tuned}}) =>
        shown === "loss" && rates === "own" && reference === "backward" && at !== tuned[row] && rows[row].high < 0,
    },
  ],
});
