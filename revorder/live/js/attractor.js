// How large the attractor is: boxes laid over it are counted, and the slope of log N against log 1/s is its dimension.

import {attractorPoints, boxesOf, DEEPEST, FITTED, POINTS, similarity, slopeOf, UPRIGHT} from "./attractor_states.js";
import {again, choice, slider} from "./controls.js";
import {counted, dotSize, name, outline} from "./corners.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";

const CROWDED = 10; // dots that a smallest box needs on average, as in revorder.diagnostics.box_dimension
const LOW = 0.2, HIGH = 0.8, RATE_STEP = 0.005;
const DOTS = [["forward", "one forward run"], ["seeds", "many backward seeds"], ["backward", "one backward run"]];
const SHADE = {forward: "f", seeds: "b", backward: "b"};
const EXACT = Array.from({length: 61}, (_, i) => 0.5 + i * RATE_STEP);
const BOUND = Array.from({length: 41}, (_, i) => 1 / 3 + i / 240);
const colourOf = ({settings: {dots}, theme}) => theme[dots === "forward" ? "forward" : "backward"];
const side = depth => depth ? `1/${2 ** depth}` : "1";
const rounded = lr => clamp(Number((Math.round(lr / RATE_STEP) * RATE_STEP).toFixed(3)), LOW, HIGH);

/** Boxes and slope of the dots that are shown; kept until they change. */
function measured(live) {
  const {states, settings: {step}} = live;
  if (live.measured?.states !== states || live.measured.step !== step) {
    const found = boxesOf(states, Math.max(1, step));
    live.measured = {...found, states, step, slope: slopeOf(found.counts)};
  }
  return live.measured;
}

const enough = ({settings: {step}}, {counts}) => step >= CROWDED * counts[FITTED.at(-1)];

function drawDots(live, {boxes, counts}) {
  const {panels: {cloud: panel}, settings: {lr, seed, dots, depth, step}, states: {xs, ys}, theme} = live;
  const color = colourOf(live), large = dots === "backward", held = counts[depth] === 1 ? "box" : "boxes";
  name(panel, `${counted(step)} dots in ${counted(counts[depth])} ${held} of side ${side(depth)}`);
  panel.begin(theme);
  outline(panel, UPRIGHT, {color: theme.line, width: 1});
  drawBoxes(panel, boxes[depth], 2 ** depth, theme);
  const size = large ? 5 : dotSize(step);
  panel.cloud.show([lr, seed, dots, size], large ? 1 : step, i => [xs[i], ys[i], color], size);
}

function drawBoxes(panel, held, many, theme) {
  const {ctx} = panel, left = panel.X(0), top = panel.Y(1), size = (panel.X(1) - left) / many, gap = size > 6 ? 0.5 : 0;
  ctx.fillStyle = theme.ink;
  ctx.globalAlpha = 0.22;
  held.forEach((one, i) => {
    if (!one) return;
    const x = left + (i % many) * size, y = top + (many - 1 - Math.floor(i / many)) * size;
    ctx.fillRect(x + gap, y + gap, size - 2 * gap, size - 2 * gap);
  });
  ctx.globalAlpha = 1;
}

function drawCounts(live, {counts, slope}) {
  const {panels: {counts: panel}, settings: {depth}, theme} = live, color = colourOf(live);
  panel.begin(theme);
  const middle = FITTED.reduce((sum, k) => sum + Math.log2(counts[k]) - slope * k, 0) / FITTED.length;
  const line = [FITTED[0] - 0.6, FITTED.at(-1) + 0.6].map(k => [k, 2 ** (middle + slope * k)]);
  panel.path(line, {color, width: 2.5});
  counts.forEach((n, k) => panel.dot(k, n, {color: theme.ink, size: FITTED.includes(k) ? 4.5 : 3}));
  const at = DEEPEST, low = 2 ** (middle + slope * 4), below = slope > 0.3 ? 26 : -20;
  panel.text(at, low, `slope ${slope.toFixed(3)}`, {color, bold: true, size: 14, align: "right", dy: below});
  panel.text(depth, counts[depth], counted(counts[depth]), {align: "right", dx: -13, dy: -13, size: 13});
}

/** Learning rates at which a slope has been measured with enough dots: they stay as marks. */
function remember(live, found) {
  const {seed, dots, lr} = live.settings, key = [seed, dots].join();
  if (live.marks?.key !== key) live.marks = {key, slopes: new Map()};
  if (dots === "backward" || enough(live, found)) live.marks.slopes.set(rounded(lr), found.slope);
}

function drawDimension(live, {slope}) {
  const {panels: {dimension: panel}, settings: {lr}, theme} = live, color = colourOf(live);
  panel.begin(theme);
  for (const [value, text] of [[1, "a line"], [2, "the plane"]]) {
    panel.path([[LOW, value], [HIGH, value]], {color: theme.muted, width: 1, dash: [2, 3]});
    panel.text(HIGH, value, text, {align: "right", color: theme.muted, size: 12, dx: -2, dy: -8});
  }
  panel.clipped(() => {
    panel.path([[LOW, 2], [1 / 3, 2]], {color: theme.ink, width: 1.6});
    panel.line(EXACT, EXACT.map(similarity), {color: theme.ink, width: 1.6});
    panel.line(BOUND, BOUND.map(similarity), {color: theme.muted, width: 1.4, dash: [5, 4]});
  });
  live.marks.slopes.forEach((value, at) => panel.dot(at, value, {color, size: 2.5, ring: false, alpha: 0.6}));
  panel.path([[lr, 0], [lr, slope]], {color, width: 1});
  panel.dot(lr, slope, {color, size: 5});
}

/** What the dots are at this learning rate. */
function size(lr) {
  const bound = similarity(lr);
  if (lr <= 1 / 3) return "No hole is left: the full triangle has dimension 2";
  if (lr < 0.5) return `The copies overlap: log 3 / log 1/(1 − h) = ${bound.toFixed(2)} is only an upper bound`;
  if (lr === 0.5) return "Half the side, three times the boxes: dimension log 3 / log 2 = 1.585";
  if (Math.abs(bound - 1) < 0.012) return "Dust without any line in it needs as many boxes as a line: dimension 1";
  const beside = bound > 1 ? "more than a line's" : "less than a line's";
  return `Dust of dimension log 3 / log 1/(1 − h) = ${bound.toFixed(3)}, ${beside}`;
}

export default figure({
  label: "The dimension of the attractor, by counting boxes",
  settings: ["lr", "seed", "dots", "depth"],
  states: attractorPoints,
  play: {length: () => POINTS, rate: () => 4000, unit: "dots", text: ({settings: {step}}) => `${counted(step)} dot${step === 1 ? "" : "s"}`},
  panels: [
    {name: "cloud", x: [-0.02, 1.02], y: [-0.02, 1.02], equal: true, bare: true, height: 290, basis: 230},
    {name: "counts", title: "Boxes N that hold dots", x: [-0.3, DEEPEST + 0.3], y: [0.6, 12000], logY: true,
      height: 290, basis: 240, xlabel: "side s of the boxes", yticks: [1, 10, 100, 1000],
      xticks: [[0, "1"], [2, "1/4"], [4, "1/16"], [6, "1/64"]]},
    {name: "dimension", title: "Slope measured, and exact dimension", x: [LOW - 0.02, HIGH + 0.02], y: [0, 2.4],
      height: 290, basis: 240, xlabel: "learning rate h", yticks: [0, 0.5, 1, 1.5, 2], xticks: [0.2, 0.4, 0.6, 0.8]},
  ],
  handles: [
    {panel: "counts", label: "side of the boxes", axis: "x", keyStep: 1, color: "ink",
      at: live => [live.settings.depth, measured(live).counts[live.settings.depth]],
      move: (live, [x]) => ({depth: clamp(Math.round(x), 0, DEEPEST)}),
      say: ({settings}) => `side ${side(settings.depth)}`},
    {panel: "dimension", label: "learning rate h", axis: "x", keyStep: RATE_STEP, color: "ink",
      at: ({settings: {lr}}) => [lr, 0], move: (live, [x]) => ({lr: rounded(x)}),
      say: ({settings}) => `h = ${settings.lr}`},
  ],
  controls: [
    slider("lr", "learning rate h", LOW, HIGH, RATE_STEP),
    slider("depth", "boxes of side", 0, DEEPEST, 1, {text: side}),
    choice("dots", "dots of", DOTS), again("New tosses"),
  ],
  draw(live) {
    const found = measured(live);
    remember(live, found);
    drawDots(live, found);
    drawCounts(live, found);
    drawDimension(live, found);
  },
  title(live) {
    const {lr, dots, step} = live.settings, found = measured(live);
    if (!step) return "Press play: how many boxes do the dots need?";
    const shade = text => `<span class="${SHADE[dots]}">${text}</span>`;
    if (dots === "backward") return shade("One backward run needs a single box of every size: dimension 0");
    if (enough(live, found)) return shade(size(lr));
    return shade(`Too few dots: ${counted(step)} miss some boxes, and the slope ${found.slope.toFixed(2)} is too low`);
  },
  read(live) {
    const {counts, slope} = measured(live), {lr, dots} = live.settings, exact = lr <= 1 / 3 ? 2 : similarity(lr);
    const truth = lr > 1 / 3 && lr < 0.5 ? `bound ${exact.toFixed(3)}` : `exact ${exact.toFixed(3)}`;
    return `Boxes of side 1, 1/2, 1/4, …: <b>${counts.map(counted).join(" · ")}</b>. `
      + `Slope from 1/4 to 1/64: <b>${slope.toFixed(3)}</b>${dots === "backward" ? "" : `, ${truth}`}`;
  },
  goals: [
    {text: "Find the learning rate at which the dots have the dimension of a line.",
      reached: ({settings: {lr, dots}}) => dots !== "backward" && Math.abs(similarity(lr) - 1) < 0.012},
    {text: "Find the largest h that leaves no hole.",
      reached: ({settings: {lr, dots}}) => dots !== "backward" && lr > 1 / 3 - RATE_STEP && lr <= 1 / 3},
  ],
});
