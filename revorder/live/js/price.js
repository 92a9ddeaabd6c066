// What orders cost: evaluations against the number of steps and against the stride, on logarithmic axes.

import {short} from "./basics.js";
import {slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";
import {MOST, priceStates} from "./price_states.js";

// name -> its label, its colour, its dashes; "naive" is backward's line, since backward shares nothing
const LINES = {
  backward: ["backward = naive", "backward", []],
  "two-sided": ["two-sided", "fourth", [8, 3, 2, 3]],
  window: ["window", "other", [6, 3]],
  cyclic: ["cyclic, K =", "backward", [2, 3]],
  blocks: ["blocks", "fifth", [10, 3]],
  forward: ["forward", "forward", []],
};
const POWERS = [
  [1, "1"],
  [10, "10"],
  [100, "100"],
  [1e3, "1000"],
  [1e4, "10⁴"],
  [1e5, "10⁵"],
];
const DECADES = [
    [0, "1"],
    [1, "10"],
    [2, "100"],
    [3, "1000"],
  ],
  COSTS = [1, 6e5];
const counts = n => n.toLocaleString("en");

/** All curves over `xs`, and a dot on each at the place that is chosen. */
function drawPrices(live, panel, xs, curves, at) {
  const {
    states: {now},
    theme,
  } = live;
  panel.begin(theme);
  panel.path(
    [
      [Math.log10(at), COSTS[0]],
      [Math.log10(at), COSTS[1]],
    ],
    {color: theme.line, width: 1.2, dash: [4, 4]},
  );
  panel.clipped(() => {
    for (const [name, [, color, dash]] of Object.entries(LINES)) {
      panel.path(
        xs.map((x, i) => [Math.log10(x), curves[name][i]]),
        {color: theme[color], width: name === "forward" || name === "backward" ? 2.6 : 1.9, dash},
      );
    }
  });
  for (const [name, [, color]] of Object.entries(LINES)) {
    if (name !== "backward") panel.dot(Math.log10(at), now[name], {color: theme[color], size: 4.5});
  }
}

/** The names at the right end of the curves, moved apart where they would meet. */
function nameCurves({panels: {steps: panel}, states: {byN}, theme, settings: {size}}) {
  const ends = Object.entries(LINES)
    .map(([name, [text, color]]) => ({
      text: {window: `${text} of ${size}`, blocks: `${text} of ${size}`, cyclic: `${text} ${size}`}[name] ?? text,
      color: theme[color],
      y: panel.Y(byN[name].at(-1)),
    }))
    .sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => {
    if (i) end.y = Math.max(end.y, ends[i - 1].y + 16);
  });
  for (const {text, color, y} of ends)
    panel.text(DECADES.at(-1)[0], COSTS[0], text, {color, size: 12.5, bold: true, dx: 6, dy: y - panel.Y(COSTS[0])});
}

/** A place on a logarithmic axis, as a whole number. */
function whole(x, low, high) {
  return Math.round(clamp(10 ** x, low, high));
}

function pricesMessage({settings: {steps, stride}, states: {looks, now}}) {
  if (looks === 1) return `A single look: every order costs the same, ${counts(now.forward)} evaluations`;
  const times = short(now.backward / now.forward, 3),
    every = stride === 1 ? "at every step" : `every ${stride} steps`;
  const both = `<span class="b">backward</span> costs ${times} times what <span class="f">forward</span> costs`;
  return `A look ${every} to step ${counts(steps)}: ${both}`;
}

function pricesRead({settings: {steps, stride}, states: {looks, now}}) {
  const cost = name => `${name} <b>${counts(now[name])}</b>`;
  const parts = [`<span class="f">${cost("forward")}</span>`, `<span class="b">${cost("backward")}`];
  parts.push(`${cost("cyclic")}</span>`, `<span class="o">${cost("window")}</span>`, cost("blocks"), cost("two-sided"));
  return `N = <b>${counts(steps)}</b>, s = <b>${stride}</b>, looks <b>${looks}</b> · ${parts.join(", ")}`;
}

const logOf = n => Math.log10(n);
const pricePanel = (name, title, xlabel, more) => ({
  name,
  title,
  x: [0, 3],
  y: COSTS,
  xlabel,
  xticks: DECADES,
  yticks: POWERS,
  logY: true,
  height: 300,
  ...more,
});

export default figure({
  label: "The price of composition orders, in evaluations",
  settings: ["steps", "stride", "size"],
  states: priceStates,
  panels: [
    pricePanel("steps", "Evaluations, by the number of steps", "number of steps N", {
      marginRight: 134,
      grow: 1.3,
      basis: 380,
    }),
    pricePanel("stride", "The same N, by the stride", "a look every s steps", {basis: 320, marginRight: 20}),
  ],
  handles: [
    {
      panel: "steps",
      label: "number of steps N",
      axis: "x",
      color: "backward",
      keyStep: 0.05,
      hint: "drag me",
      at: ({settings, states}) => [logOf(settings.steps), states.now.backward],
      move: ({settings}, [x]) => ({steps: whole(x, Math.max(2, settings.stride), MOST)}),
      say: ({settings}) => `N = ${settings.steps}`,
    },
    {
      panel: "stride",
      label: "stride s",
      axis: "x",
      color: "backward",
      keyStep: 0.05,
      hint: "and me",
      at: ({settings, states}) => [logOf(settings.stride), states.now.backward],
      move: ({settings}, [x]) => ({stride: whole(x, 1, settings.steps)}),
      say: ({settings: {stride}}) => `a look every ${stride} step${stride === 1 ? "" : "s"}`,
    },
  ],
  controls: [slider("size", "width of the window, size of the blocks, period of the cycle", 1, 50, 1)],
  draw(live) {
    const {
      states: {Ns, strides, byN, byStride},
      settings: {steps, stride},
      panels,
    } = live;
    drawPrices(live, panels.steps, Ns, byN, steps);
    drawPrices(live, panels.stride, strides, byStride, stride);
    nameCurves(live);
  },
  title: pricesMessage,
  read: pricesRead,
  goals: [
    {
      text: "See a run of 500 steps or more backward for exactly three times what forward costs.",
      reached: ({settings: {steps}, states: {now}}) => steps >= 500 && now.backward === 3 * now.forward,
    },
  ],
});
