// A backward path in the band of the a-priori bound; the same magnified, with the a-posteriori bound.

import {short} from "./basics.js";
import {BOUNDS_STEPS, boundsStates, longestRow} from "./bounds_states.js";
import {again, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";

const SHOWN = [-0.6, 1.6];

function drawBand(live) {
  const {panels: {path: panel}, settings: {step, start, lr}, states: {path, limit, before}, theme} = live;
  const first = Math.max(Math.abs(start), Math.abs(1 - start)), half = n => n ? before[n - 1] : first;
  const steps = path.slice(0, step + 1).map((_, n) => n), edge = sign => steps.map(n => [n, path[n] + sign * half(n)]);
  panel.begin(theme);
  panel.clipped(() => {
    panel.path([...edge(1), ...edge(-1).reverse()], {fill: theme.backward, width: 0, alpha: 0.13});
    for (const sign of [1, -1]) panel.path(edge(sign), {color: theme.backward, width: 1.2, alpha: 0.6});
    panel.path([[0, limit], [BOUNDS_STEPS, limit]], {color: theme.ink, width: 1.3, dash: [2, 3]});
    panel.line(steps, path.slice(0, step + 1), {color: theme.backward, width: 2});
    for (const n of steps.slice(1)) panel.dot(n, path[n], {color: theme.backward, size: 4});
  });
  panel.text(BOUNDS_STEPS, limit, "B∞", {dx: 5, bold: true, size: 13});
}

/** Everything at step n in units of the a-priori bound: 0 is B_n, and the limit lies between -1 and 1. */
function drawGlass(live) {
  const {panels: {glass: panel}, settings: {step}, states, theme} = live;
  panel.begin(theme);
  panel.box(0, -1, BOUNDS_STEPS + 1, 1, {fill: theme.backward, color: theme.backward, alpha: 0.1});
  for (const y of [-1, 1]) panel.path([[0, y], [BOUNDS_STEPS + 1, y]], {color: theme.backward, width: 1.2, alpha: 0.6});
  panel.path([[0, 0], [BOUNDS_STEPS + 1, 0]], {color: theme.backward, width: 2});
  for (let n = 1; n <= step; n++) drawStep(panel, n, states, theme, n === step);
}

function drawStep(panel, n, {drawn, limit, path, before, after, error, fails}, theme, now) {
  const unit = before[n - 1], bar = Math.max(after[n - 1] / unit, 0.012), wrong = fails[n - 1];
  const color = wrong ? theme.fourth : theme.other, ink = now ? theme.ink : theme.muted;
  const at = Math.sign(limit - path[n]) * error[n - 1] / unit, thin = (panel.right - panel.left) / BOUNDS_STEPS < 11;
  panel.path([[n, -bar], [n, bar]], {color, width: thin ? 3 : 5, alpha: 0.75});
  panel.dot(n, at, {color: theme.ink, size: thin ? 2.5 : 3.5});
  panel.text(n, 1.22, String(drawn[n - 1]), {align: "center", size: thin ? 10 : 12, bold: now, color: ink});
  if (wrong) panel.text(n, -1.22, "✗", {align: "center", size: thin ? 10 : 13, bold: true, color});
}

function counted({settings: {step}, states: {fails}}) {
  return fails.slice(0, step).reduce((sum, failed) => sum + failed, 0);
}

function message(live) {
  const {step} = live.settings, failed = counted(live);
  if (!step) return "Press play: does the last move tell how far away the limit still is?";
  if (!failed) return `So far both bounds have held: the limit was as near as they said`;
  return `The limit stays in the <span class="b">a-priori band</span>; the <span class="o">a-posteriori</span> bound
    failed at ${failed} of ${step} step${step === 1 ? "" : "s"}`;
}

export default figure({
  label: "A backward path, its limit, and two bounds on the distance",
  settings: ["lr", "seed", "start"],
  states: boundsStates,
  play: {length: () => BOUNDS_STEPS, rate: () => 2, text: live => `toss ${live.settings.step} of ${BOUNDS_STEPS}`},
  panels: [
    {
      name: "path", title: "Bₙ and the a-priori band around it", x: [0, BOUNDS_STEPS], y: SHOWN, xlabel: "step n",
      ylabel: "θ", height: 260, basis: 310, marginRight: 34,
    },
    {
      name: "glass", title: "Magnified: the bar is the a-posteriori bound, the dot B∞", x: [0, BOUNDS_STEPS + 1],
      y: [-1.4, 1.4], xlabel: "step n, and the toss x above it", ylabel: "(θ − Bₙ) / a-priori bound", height: 260,
      basis: 360, yticks: [-1, 0, 1],
    },
  ],
  handles: [
    {
      panel: "path", label: "start", axis: "y", color: "ink", keyStep: 0.05, at: ({settings}) => [0, settings.start],
      move: (live, [, y]) => ({start: Number(clamp(y, -0.5, 1.5).toFixed(2))}),
      say: ({settings}) => `start at ${short(settings.start)}`,
    },
  ],
  controls: [slider("lr", "learning rate h", 0.1, 0.9, 0.01), again("Other tosses")],
  draw(live) {
    drawBand(live);
    drawGlass(live);
    live.panels.path.text(0, live.settings.start, "θ₀", {dx: 13, dy: -10, bold: true, size: 14});
  },
  title: message,
  read(live) {
    const {settings: {step}, states: {before, after, error}} = live, i = step - 1, is = values => short(values[i], 2);
    if (!step) return "";
    return `Step ${step}: true distance <b>${is(error)}</b>, a-priori bound <span class="b"><b>${is(before)}</b></span>,
      a-posteriori bound <span class="o"><b>${is(after)}</b></span>`;
  },
  goals: [
    {
      text: "Find tosses for which the a-posteriori bound fails five times in a row.",
      reached: ({settings: {step}, states: {fails}}) => longestRow(fails, step) >= 5,
    },
    {
      text: "Find the start from which it never fails in 30 steps, whatever the tosses are.",
      reached: ({settings: {step, start}}) => step === BOUNDS_STEPS && start === 0.5,
    },
  ],
});
