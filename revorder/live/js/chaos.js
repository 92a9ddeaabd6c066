// The chaos game: forward's dots fill the fractal, backward homes in on one point of it, seen at any magnification.

import {short} from "./basics.js";
import {chaosStates, MOST} from "./chaos_states.js";
import {drawMagnified} from "./chaos_zoom.js";
import {again, choice, slider} from "./controls.js";
import {farthest, frames} from "./corner_maps.js";
import {CORNER_COLOURS, counted, dotSize, name, numberCorners, outline} from "./corners.js";
import {figure} from "./kit.js";
import {LATE} from "./seed_ends.js";

const SPEEDS = [[2, "slow"], [20, "medium"], [1500, "fast"]], VIEWS = [["run", "one run"], ["seeds", "many seeds"]];
const SQUARE = {x: [-0.07, 1.07], y: [-0.07, 1.07], equal: true, basis: 220, bare: true, height: 240};
const inSquare = point => point.map(v => Math.min(1.04, Math.max(-0.04, v)));
const upTo = step => step ? `steps 0 to ${counted(step)}` : "the start";

function drawForward(live) {
  const {panels: {forward: panel}, settings, states: {drawn, forward}, theme} = live, {step, corners, start} = settings;
  const size = dotSize(step), key = [settings.lr, settings.seed, start, corners, size, theme.paper];
  name(panel, `Forward, one run: ${upTo(step)}`);
  panel.begin(theme);
  outline(panel, corners, {color: theme.line, width: 1});
  const place = i => [forward.x[i], forward.y[i], i ? theme[CORNER_COLOURS[drawn[i - 1]]] : theme.ink];
  panel.cloud.show(key, step + 1, place, size);
  if (step) drawToss(live, panel);
  numberCorners(panel, corners, theme.muted);
  panel.text(...start, "start", {dx: 13, size: 12, color: theme.muted});
}

/** The last toss: its corner lights up, and the point goes its share of the way there, leaving a trail. */
function drawToss(live, panel) {
  const {settings: {step, corners, speed}, states: {drawn, forward}, theme, phase} = live;
  const at = i => [forward.x[i], forward.y[i]], from = at(step - 1), to = at(step), newest = drawn[step - 1];
  const color = theme[CORNER_COLOURS[newest]], slow = speed <= 100;
  panel.dot(...corners[newest], {color, size: 18 - 3 * phase, alpha: 0.4, ring: false});
  const now = slow ? from.map((v, d) => v + phase * (to[d] - v)) : to;
  if (slow) {
    panel.path([from, corners[newest]], {color, width: 1.5, dash: [4, 4]});
    for (let k = Math.min(5, step - 1); k >= 1; k--) {
      panel.path([at(step - k - 1), at(step - k)], {color: theme.forward, alpha: 0.6 - 0.1 * k, width: 2});
    }
    panel.path([from, now], {color: theme.forward, width: 2.5});
  }
  panel.dot(...now, {color: theme.forward, size: 6.5});
}

/** Which run backward's panels show: the run, or of many seeds the newest. */
function shownRun({settings: {step, view}, states}) {
  if (view === "run") return {drawn: states.drawn, step};
  return {drawn: states.ofSeed(Math.max(0, step - 1)), step: step ? LATE : 0};
}

function drawBackward(live, run) {
  const {panels: {backward: panel}, settings: {corners, view, step}, theme} = live;
  const seeds = `Backward at step ${LATE}: ${counted(step)} seed${step === 1 ? "" : "s"}`;
  name(panel, view === "run" ? `Backward: ${upTo(step)}` : seeds);
  panel.begin(theme);
  outline(panel, corners, {color: theme.line, width: 1});
  if (view === "seeds") drawSeeds(live, panel);
  else drawHoming(live, panel, run);
}

function drawSeeds({settings: {step, lr, seed, start, corners}, states: {endOfSeed}, theme}, panel) {
  const size = dotSize(step), key = ["seeds", lr, seed, start, corners, size, theme.paper];
  const colours = CORNER_COLOURS.map(each => theme[each]), end = step ? endOfSeed(step - 1) : [];
  panel.cloud.show(key, step, k => {
    const [x, y, corner] = endOfSeed(k);
    return [x, y, colours[corner]];
  }, size);
  if (step) panel.dot(end[0], end[1], {color: theme.backward, size: 6.5});
}

/** Nested triangles, each chosen by the next batch, and the path into them. */
function drawHoming({settings: {corners, lr}, states: {backward}, theme, phase}, panel, {drawn, step}) {
  frames(corners, drawn, lr, Math.min(step, 12)).slice(1).forEach(({scale, shift}, k) => {
    const triangle = corners.map(corner => corner.map((v, d) => scale * v + shift[d]));
    outline(panel, triangle, {color: theme[CORNER_COLOURS[drawn[k]]], width: 1.8});
  });
  const last = backward.x.length - 1, to = Math.min(step, last), from = Math.min(Math.max(0, step - 1), last);
  const shown = Math.min(from, 60);
  panel.line(backward.x, backward.y, {color: theme.backward, width: 1.2, alpha: 0.6}, 0, shown + 1);
  const dot = {color: theme.backward, size: 3, ring: false};
  for (let i = 0; i <= shown; i++) panel.dot(backward.x[i], backward.y[i], dot);
  const now = ["x", "y"].map(d => backward[d][from] + phase * (backward[d][to] - backward[d][from]));
  panel.dot(...now, {color: theme.backward, size: 6.5});
}

/** What forward draws at this learning rate. */
function drawing(lr) {
  if (lr === 0.5) return "the whole Sierpinski triangle";
  if (lr > 0.5) return "specks of dust";
  return lr <= 1 / 3 ? "a full triangle without holes" : "three copies of itself that overlap";
}

/** Whether the corners lie on one line, or nearly so. */
function isFlat([[x, y], [x1, y1], [x2, y2]]) {
  return Math.abs((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) < 0.002;
}

function ofRun(settings) {
  const {step, lr} = settings, far = farthest(settings, step), restless = spoken("f", "forward never settles");
  if (far > 1e-3) return `${spoken("b", `Backward can still move by at most ${short(far, 2)}`)}, ${restless}`;
  if (step < 500) return `${spoken("b", "Backward has come to rest at one point")}, ${restless}`;
  const drawn = isFlat(settings.corners) ? "dots on a line" : drawing(lr);
  return `${spoken("f", `Forward draws ${drawn}`)}, ${spoken("b", "backward comes to rest at one point of it")}`;
}

const spoken = (order, text) => `<span class="${order}">${text}</span>`;

function ofSeeds({step}) {
  const [more, seed] = [spoken("f", "one more step of forward's run"), spoken("b", "one more seed of backward")];
  if (step < 500) return `Play: ${more}, ${seed}`;
  const seeds = spoken("b", `step ${LATE} of ${counted(step)} seeds backward`);
  return `${spoken("f", "One run forward")} and ${seeds} draw the same picture`;
}

/** The order in which each reads the tosses. */
function addresses(live) {
  const {settings: {step, view}, states} = live, {drawn} = shownRun(live), known = view === "run" ? step : LATE;
  const letters = tosses => `<b>${Array.from(tosses).join(" ")}</b>${known > 8 ? " …" : ""}`;
  const newest = states.drawn.slice(Math.max(0, step - 8), step).reverse();
  const whose = view === "run" ? "" : `, seed ${counted(step)},`;
  return `${spoken("f", "Forward")} reads the newest tosses first: ${letters(newest)}; `
    + `${spoken("b", "backward")}${whose} the oldest first: ${letters(drawn.slice(0, Math.min(8, known)))}`;
}

const handle = (label, more) => ({panel: "forward", label, ...more});
const corner = i => handle(`corner ${i}`, {
  color: CORNER_COLOURS[i], at: ({settings}) => settings.corners[i],
  move: ({settings}, point) => ({corners: settings.corners.map((old, k) => k === i ? inSquare(point) : old)}),
});

export default figure({
  label: "The chaos game, forward and backward",
  settings: ["lr", "seed", "start", "corners", "speed", "depth", "view"],
  states: chaosStates,
  play: {
    length: () => MOST, rate: live => live.settings.speed, unit: "step",
    text: ({settings: {step, view}}) => `${view === "run" ? "step" : "steps, seeds:"} ${counted(step)}`,
  },
  panels: ["forward", "backward", "zoom"].map(each => ({name: each, ...SQUARE})),
  handles: [
    handle("start", {at: ({settings}) => settings.start, move: (live, point) => ({start: inSquare(point)})}),
    ...[0, 1, 2].map(corner),
  ],
  controls: [
    choice("speed", "speed", SPEEDS), slider("lr", "learning rate h", 0.1, 0.9, 0.01),
    slider("depth", "magnify", 0, 24, 0.05, {text: v => `depth ${v.toFixed(1)}`}),
    choice("view", "backward", VIEWS), again(),
  ],
  draw(live) {
    const run = shownRun(live);
    drawForward(live);
    drawBackward(live, run);
    drawMagnified(live, run);
  },
  title({settings}) {
    if (!settings.step) return "Press play: each toss moves the point by the share h of its way to one corner";
    return settings.view === "run" ? ofRun(settings) : ofSeeds(settings);
  },
  read: live => live.settings.step ? addresses(live) : "",
  goals: [
    {
      text: "Find an h at which 4 tosses fix backward's limit to 0.001.",
      reached: ({settings: s}) => s.view === "run" && s.step > 0 && s.step <= 4 && farthest(s, s.step) <= 0.001,
    },
    {
      text: "Magnify the triangles around backward's limit a million times.",
      reached: ({settings: {lr, depth, step}}) => step >= depth && (1 - lr) ** -depth >= 1e6,
    },
  ],
});
