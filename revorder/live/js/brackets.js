// Two steps in two orders over two bowls: the gap between their ends, the bracket, and both against the learning rate.

import {short} from "./basics.js";
import {BOWL_RATES, levelLine} from "./bowls.js";
import {bracketStates, widestGap} from "./brackets_states.js";
import {choice, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";
import {drawSizes, SIZES_PANEL} from "./sizes.js";
import {tint} from "./tint.js";

const REACH = 2.6, LEVELS = [0.2, 0.8, 1.8, 3.2, 5, 7.2];
const FRAMES = [4, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]; // half the side of the magnified view
const DASHES = {forward: [], backward: [6, 4]};
const CLOSED = 0.02; // a gap that counts as none

function drawBowls(live) {
  const {panels: {plane: panel}, settings: {minimisers}, states, theme} = live;
  states.bowls.forEach((bowl, i) => {
    for (const level of LEVELS) panel.path(levelLine(bowl, level), {color: theme.line, width: 1, alpha: 0.55, dash: i ? [2, 3] : []});
  });
  minimisers.forEach((point, i) => panel.text(...point, `batch ${i}`, {color: theme.muted, dx: 13, dy: 12}));
}

function drawPlane(live) {
  const {panels: {plane: panel}, states, theme} = live;
  panel.begin(theme);
  panel.clipped(() => {
    drawBowls(live);
    for (const order of ["forward", "backward"]) {
      const way = states[order], color = theme[order];
      panel.arrow(...way[0], ...way[1], {color, width: 2.4, dash: DASHES[order]});
      panel.arrow(...way[1], ...way[2], {color, width: 2.4, dash: DASHES[order]});
    }
    const [end, other] = [states.forward[2], states.backward[2]];
    panel.path([end, other], {color: theme.ink, width: 1.2, dash: [2, 2]});
  });
}

/** The frame of the magnified view: its half side, so that gap and bracket fit in. */
function frameOf({states: {gap, correction}}) {
  const needed = 0.8 * Math.max(gap, Math.hypot(...correction));
  return FRAMES.findLast(each => each >= needed) ?? FRAMES[0];
}

/** A frame, and a bar that says how long half of the half side is. */
function drawScale(panel, half, theme) {
  const [x, y] = [panel.x[0], panel.y[0]], corners = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]];
  panel.path(corners.map(([a, b]) => [x + a * half, y + b * half]), {color: theme.grid, width: 1.5});
  panel.path([[x + 0.1 * half, y + 0.12 * half], [x + 0.6 * half, y + 0.12 * half]], {color: theme.muted, width: 2});
  panel.text(x + 0.35 * half, y + 0.12 * half, short(half / 2), {color: theme.muted, align: "center", dy: -11});
}

/** The ends of both orders, seen from forward's end. */
function drawCorner(live) {
  const {panels: {corner: panel}, states: {forward, backward, correction}, theme} = live, half = frameOf(live);
  const from = point => point.map((v, k) => v - forward[2][k]), other = from(backward[2]);
  const times = `Where they end, scale × ${short(REACH / half, 2)}`;
  if (panel.title.textContent !== times) panel.title.textContent = times;
  const [x, y] = other.map(v => [v / 2 - half, v / 2 + half]); // the middle between both ends is in the middle
  panel.begin(theme, x, y);
  drawScale(panel, half, theme);
  panel.clipped(() => {
    panel.path([from(forward[1]), [0, 0]], {color: theme.forward, width: 2.4});
    panel.path([from(backward[1]), other], {color: theme.backward, width: 2.4, dash: DASHES.backward});
    panel.dot(0, 0, {color: theme.forward, size: 5.5});
    panel.dot(...other, {color: theme.backward, size: 5, shape: "square"});
    panel.arrow(0, 0, ...correction, {color: theme.ink, width: 2.4});
    panel.path([correction, other], {color: theme.fourth, width: 3.5});
  });
  const side = other[0] < 0 ? {align: "right", dx: -11} : {dx: 11};
  panel.text(0, 0, "forward", {color: theme.forward, ...(other[0] < 0 ? {dx: 11} : {align: "right", dx: -11})});
  panel.text(...other, "backward", {color: theme.backward, ...side});
}

function bracketTitle({states: {gap, missed}}) {
  if (!gap) return "The steps commute here: both orders end at one point";
  const between = `of the gap between ${tint("forward")} and ${tint("backward")}`;
  if (!missed) return `The black arrow, the bracket, makes up all ${between}`;
  const part = missed / gap;
  return part > 1 ? `The bracket is of no use here: it misses more than all ${between}`
    : `The bracket (black arrow) misses ${part < 0.005 ? "less than 1" : short(100 * part, 2)}\u00a0% ${between}`;
}

/** The handle of a minimiser. */
const minimiser = i => ({
  panel: "plane", label: `minimiser of batch ${i}`, color: "muted", at: ({settings}) => settings.minimisers[i],
  move: ({settings}, point) => ({minimisers: settings.minimisers.map((old, k) => k === i ? inside(point) : old)}),
  say: ({settings}) => `minimiser of batch ${i} at ${settings.minimisers[i].map(v => short(v, 2)).join(", ")}`,
});

const inside = point => point.map(v => Number(clamp(v, -2.5, 2.5).toFixed(2)));

const PLANE = {x: [-REACH, REACH], y: [-REACH, REACH], equal: true, height: 262, basis: 250};

export default figure({
  label: "Two gradient steps in two orders over two bowls, and the Lie bracket beside the gap between their ends",
  settings: ["kind", "lr", "angle", "start", "minimisers"],
  states: bracketStates,
  panels: [
    {...PLANE, name: "plane", title: "Two steps, in both orders", xticks: [-2, 0, 2], yticks: [-2, 0, 2]},
    {...PLANE, name: "corner", title: "Where they end", bare: true},
    {...SIZES_PANEL, height: 262, basis: 240},
  ],
  handles: [
    minimiser(0), minimiser(1),
    {panel: "plane", label: "start", at: ({settings}) => settings.start, move: (live, point) => ({start: inside(point)}),
      hint: "drag", say: ({settings}) => `start at ${settings.start.map(v => short(v, 2)).join(", ")}`},
  ],
  controls: [
    slider("lr", "learning rate h", 0.0125, 0.8, 0.01, {log: true}),
    choice("kind", "losses", [["quadratic", "quadratic"], ["log cosh", "log cosh"]]),
    slider("angle", "angle between their axes", 0, 90, 5, {text: value => `${value}°`}),
  ],
  draw(live) {
    drawPlane(live);
    drawCorner(live);
    const {states: {sweep, gap, missed}, settings: {lr}} = live;
    const lines = [["gap", "ink", 2, gap, sweep.map(each => each.gap)], ["missed", "fourth", 3, missed, sweep.map(each => each.missed)]];
    drawSizes(live, BOWL_RATES, lines, lr);
  },
  title: bracketTitle,
  read({settings: {lr}, states: {gap, missed, correction}}) {
    return `h = <b>${short(lr)}</b>: gap <b>${short(gap)}</b>, bracket <b>${short(Math.hypot(...correction))}</b>, `
      + `missed <b>${short(missed, 2)}</b>`;
  },
  goals: [
    {text: "Drag the start to where the orders agree (gap below 0.02), at h ≥ 0.3 and minimisers at least 1 apart.",
      reached: ({settings: {lr, minimisers: [a, b]}, states: {gap}}) =>
        gap < CLOSED && lr >= 0.3 && Math.hypot(a[0] - b[0], a[1] - b[1]) >= 1},
    {text: "Make the bracket miss more than half of the gap.",
      reached: ({states: {gap, missed}}) => gap > CLOSED && missed > gap / 2},
    {text: "Make the orders agree at every start, at h ≥ 0.3.",
      reached: ({settings}) => settings.lr >= 0.3 && widestGap(settings) < CLOSED},
  ],
});
