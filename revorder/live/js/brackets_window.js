// A window of batches, corrected by brackets: where it ends, how exactly, and at what price.

import {short} from "./basics.js";
import {BOWL_RATES} from "./bowls.js";
import {windowStates} from "./brackets_window_states.js";
import {again, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";
import {drawSizes, SIZES_PANEL} from "./sizes.js";
import {tint} from "./tint.js";

const REACH = 2.2, LOWEST = 1e-7;
const COSTS = [1, 3, 10, 30, 100, 300];

function drawWays(live) {
  const {panels: {ways: panel}, states: {forward, backward, end, bowls}, theme} = live;
  panel.begin(theme);
  panel.clipped(() => {
    bowls.forEach((bowl, i) => {
      panel.dot(...bowl.centre, {color: theme.line, size: 3, ring: false});
      panel.text(...bowl.centre, String(i), {color: theme.muted, size: 11.5, dx: 6, dy: -7});
    });
    for (const [order, way, dash] of [["forward", forward, []], ["backward", backward, [6, 4]]]) {
      panel.path(way, {color: theme[order], width: 2, dash});
      way.slice(1, -1).forEach(point => panel.dot(...point, {color: theme[order], size: 2.5, ring: false}));
    }
    panel.arrow(...forward.at(-1), ...end, {color: theme.other, width: 2.4});
    panel.dot(...forward.at(-1), {color: theme.forward, size: 6});
    panel.dot(...backward.at(-1), {color: theme.backward, size: 6, shape: "square"});
    panel.dot(...end, {color: theme.other, size: 5.5, shape: "diamond"});
  });
}

/** What each way costs, and how far from backward's end it ends; backward itself stands at the bottom. */
function drawPrices(live) {
  const {panels: {prices: panel}, states: {prices, gap, missed}, theme} = live;
  panel.begin(theme);
  const put = (cost, size, name, color, shape, style = {}) => {
    const x = Math.log10(cost), y = Math.max(size, LOWEST * 2.5);
    panel.dot(x, y, {color: theme[color], size: 7, shape});
    panel.text(x, y, name, {color: theme[color], dx: 12, ...style});
  };
  put(prices.backward, 0, `backward: ${prices.backward}, exact`, "backward", "square");
  put(prices.forward, gap, `forward: ${prices.forward}`, "forward", "circle", {dx: 0, dy: -17, align: "center"});
  put(prices.pairs, missed, `pair by pair: ${prices.pairs}`, "muted", "circle");
  put(prices.corrected, missed, `corrected: ${prices.corrected}`, "other", "diamond", {dx: 0, dy: 17, align: "center"});
}

function windowTitle({settings: {width}, states: {gap, missed, prices}}) {
  const said = `<span class="o">corrected</span>`;
  if (missed > gap) return `At this h the correction does harm: ${said}, the window ends farther away than ${tint("forward")}`;
  const left = Math.max(100 * missed / gap, 0.01);
  return `${prices.corrected} evaluations leave ${short(left, 2)}\u00a0% of the gap of a window of ${width}; ${tint("backward")} takes ${width} and leaves none`;
}

const PLANE = {x: [-REACH, REACH], y: [-REACH, REACH], equal: true, xticks: [-2, 0, 2], yticks: [-2, 0, 2]};

export default figure({
  label: "A window of batches run forward, backward, and forward with a correction by brackets, and what each costs",
  settings: ["width", "lr", "start", "seed"],
  states: windowStates,
  panels: [
    {...PLANE, name: "ways", title: "The window, in both orders", height: 236, basis: 230},
    {...SIZES_PANEL, title: "Distance from backward's end", height: 236, basis: 240},
    {name: "prices", title: "The same against the price", x: [0, 2.75], y: [LOWEST, 10], logY: true, height: 236, basis: 250,
      xticks: COSTS.map(cost => [Math.log10(cost), String(cost)]), xlabel: "evaluations of T",
      yticks: [[1e-6, "1e−6"], [1e-4, "1e−4"], [1e-2, "0.01"], [1, "1"]]},
  ],
  handles: [
    {panel: "ways", label: "start", at: ({settings}) => settings.start, hint: "drag",
      move: (live, point) => ({start: point.map(v => Number(clamp(v, -2.1, 2.1).toFixed(2)))}),
      say: ({settings}) => `start at ${settings.start.map(v => short(v, 2)).join(", ")}`},
  ],
  controls: [
    slider("width", "batches w", 2, 12, 1), slider("lr", "learning rate h", 0.0125, 0.8, 0.01, {log: true}), again("Other batches"),
  ],
  draw(live) {
    const {states: {gap, missed, sweep}, settings: {lr}} = live;
    drawWays(live);
    drawSizes(live, BOWL_RATES, [["forward", "forward", 2, gap, sweep.map(each => each.gap)],
      ["corrected", "other", 3, missed, sweep.map(each => each.missed)]], lr);
    drawPrices(live);
  },
  title: windowTitle,
  read: ({settings: {lr}, states: {gap, missed}}) =>
    `h = <b>${short(lr)}</b>. Distance from backward's end: forward <b>${short(gap)}</b>, corrected <b>${short(missed, 2)}</b>`,
  goals: [
    {text: "Leave less than 5\u00a0% of the gap in a window of 8 or more.",
      reached: ({settings: {width}, states: {gap, missed}}) => width >= 8 && missed < 0.05 * gap},
    {text: "Make the correction do harm.", reached: ({states: {gap, missed}}) => missed > gap},
  ],
});
