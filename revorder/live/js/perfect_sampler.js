// Draws with a certificate against the exact law: the depth follows from the tolerance, and the test may object.

import {short} from "./basics.js";
import {coinCdf} from "./coin_law.js";
import {again, choice, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";
import {ksOf, LONGEST, SAMPLES, samplerStates, SIZES} from "./perfect_sampler_states.js";

const RATES = [[0.5, "½"], [0.6, "0.6"], [2 / 3, "⅔"], [0.75, "¾"], [0.9, "0.9"]], LOW = 0.004, FEWEST = 10;
const SAMPLE_ORDERS = ["forward", "backward"];
const still = live => !live.player.running && !live.root.querySelector(".live-held");

const [blue, orange] = ["b", "f"].map(name => text => `<span class="${name}">${text}</span>`);
const line = size => 1.36 / Math.sqrt(size);

/** KS distance of the draws that are shown, and whether the test tells them apart from the exact law. */
function judged(live, order) {
  const size = live.settings.step, distance = size ? ksOf(live.states[order].heights, size) : NaN;
  return {distance, apart: size >= FEWEST && distance > line(size)};
}

let curve = {lr: null};

function exactCurve(lr, [low, high]) {
  const point = x => [x, coinCdf(x, lr)];
  if (curve.lr !== lr) curve = {lr, points: Array.from({length: 601}, (_, i) => point(low + (high - low) * i / 600))};
  return curve.points;
}

function drawLaws(live) {
  const {panels: {law: panel}, settings: {step, lr}, states, theme} = live;
  panel.begin(theme);
  panel.path(exactCurve(lr, panel.x), {color: theme.line, width: 6, alpha: 0.55});
  for (const order of SAMPLE_ORDERS) {
    const sorted = states[order].ends.slice(0, step).sort(), steps = [[panel.x[0], 0]];
    sorted.forEach((x, i) => steps.push([x, i / step], [x, (i + 1) / step]));
    if (step) panel.path([...steps, [panel.x[1], 1]], {color: theme[order], width: 1.8});
  }
  panel.text(live.settings.start, -0.09, "θ₀", {size: 12, align: "center", dy: -17});
  panel.text(-0.47, 0.95, "exact law", {color: theme.muted, size: 12});
  panel.text(-0.47, 0.86, `backward, depth ${states.backward.n}`, {color: theme.backward, size: 12});
  panel.text(-0.47, 0.77, `forward, ${states.forward.n} steps`, {color: theme.forward, size: 12});
}

function drawDistances(live) {
  const {panels: {distance: panel}, settings: {step}, states, theme} = live, x = Math.log10, ends = panel.x;
  panel.begin(theme);
  panel.path(ends.map(e => [e, line(10 ** e)]), {color: theme.ink, width: 1.3, dash: [6, 3]});
  panel.text(ends[1], line(10 ** ends[1]), "5\u00a0% line", {color: theme.ink, size: 12, align: "right", dy: 14});
  for (const order of SAMPLE_ORDERS) {
    const {distances, least} = states[order], color = theme[order], shown = SIZES.filter(size => size < step);
    const points = shown.map((size, i) => [x(size), distances[i]]);
    if (step >= FEWEST) points.push([x(step), judged(live, order).distance]);
    if (least > LOW) panel.path(ends.map(e => [e, least]), {color, width: 1.2, dash: [2, 4]});
    panel.path(points, {color, width: 1.8});
    const last = points.length - 1, shape = order === "forward" ? "square" : "circle";
    points.forEach((p, i) => panel.dot(...p, {color, size: i === last ? 6 : 3.5, ring: i === last, shape}));
  }
}

function costs({settings: {step}, states}) {
  const [b, f] = ["backward", "forward"].map(order => {
    const {n} = states[order];
    return `${step.toLocaleString("en")} × ${n} = ${(step * n).toLocaleString("en")}`;
  });
  return `evaluations ${blue(b)}, ${orange(f)}`;
}

export default figure({
  label: "Draws from the stationary law with a certificate, and forward runs, against the exact law",
  settings: ["lr", "tol", "start", "stopped", "seed"],
  states: samplerStates,
  play: {
    length: () => SAMPLES, rate: ({settings}) => 10 + settings.step / 2, unit: "number of draws",
    text: ({settings: {step}}) => `${step.toLocaleString("en")} draw${step === 1 ? "" : "s"}`,
  },
  panels: [
    {
      name: "law", title: "Share of the draws up to θ", height: 260,
      x: [-0.5, 1.5], xlabel: "θ", xticks: [0, 0.5, 1], y: [-0.09, 1.04], yticks: [0, 0.5, 1],
    },
    {
      name: "distance", title: "KS distance from the exact law (dotted: least possible)", height: 260, marginRight: 22,
      x: [1, Math.log10(SAMPLES) + 0.02], xlabel: "number of draws", y: [LOW, 1.2], logY: true, yticks: [0.01, 0.1, 1],
      xticks: [10, 50, 200, 500, 2000].map(n => [Math.log10(n), n.toLocaleString("en")]),
    },
  ],
  handles: [
    {
      panel: "law", label: "start θ₀ of both orders", axis: "x", keyStep: 0.05,
      at: ({settings}) => [settings.start, -0.09], say: ({settings}) => `θ₀ = ${short(settings.start)}`,
      move: (live, [x]) => ({start: clamp(Number(x.toFixed(2)), -0.5, 1.5)}),
    },
    {
      panel: "distance", label: "number of draws", axis: "x", keyStep: 0.06,
      at: ({settings}) => [Math.log10(Math.max(FEWEST, settings.step)), LOW],
      say: ({settings}) => `${settings.step} draws`,
      move: (live, [x]) => ({step: clamp(Math.round(10 ** x), FEWEST, SAMPLES)}),
    },
  ],
  controls: [
    slider("tol", "tolerance", 1e-9, 1, 0, {log: true, text: v => short(v, 2)}),
    slider("stopped", "forward stops after", 0, LONGEST, 1, {text: v => `${v} step${v === 1 ? "" : "s"}`}),
    choice("lr", "h", RATES), again(),
  ],
  draw(live) {
    drawLaws(live);
    drawDistances(live);
  },
  title(live) {
    const [f, b] = SAMPLE_ORDERS.map(order => judged(live, order)), {backward, forward} = live.states;
    if (live.settings.step < FEWEST) return "Press play: draw by draw, the test compares with the exact law";
    const [ours, theirs] = [blue(`backward at depth ${backward.n}`), orange(`forward after ${forward.n} step${forward.n === 1 ? "" : "s"}`)];
    if (f.apart && b.apart) return `The test tells both apart from the exact law: ${ours} and ${theirs}`;
    if (!f.apart && !b.apart) return `The test objects neither to ${ours} nor to ${theirs}`;
    const [worse, better] = f.apart ? [theirs, ours] : [ours, theirs];
    return `Told apart from the exact law: ${worse}, but not ${better}`;
  },
  read(live) {
    const [f, b] = SAMPLE_ORDERS.map(order => short(judged(live, order).distance, 2)), {step, tol} = live.settings;
    if (step < FEWEST) return "";
    const certified = `${blue("Backward draws")} within <b>${short(tol, 2)}</b> of exact ones`;
    return `${certified} · KS ${blue(b)}, ${orange(f)}; 5\u00a0% line ${short(line(step), 2)} · ${costs(live)}`;
  },
  goals: [
    {
      text: "Get backward draws, each within 0.1 of an exact one, that the test still tells apart from the exact law.",
      reached: live => still(live) && live.settings.tol <= 0.1 && live.states.backward.n <= 6
        && live.settings.step >= 100 && judged(live, "backward").apart,
    },
    {
      text: "At tolerance 0.001, with 1,000 draws: let forward cost as much as backward. Does the test object?",
      reached: live => still(live) && live.settings.tol <= 1e-3 && live.settings.step >= 1000
        && live.settings.stopped === live.states.backward.n && !judged(live, "forward").apart,
    },
  ],
});
