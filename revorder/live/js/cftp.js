// Coupling from the past: a time axis that ends now. The further back the runs start, the less they differ on arrival.

import {short} from "./basics.js";
import {arrivals, BINS, cftpStates, counted, MOST_DRAWS, pair, PAST} from "./cftp_states.js";
import {button, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";
import {wantsLessMotion} from "./theme.js";

const FALL = 500, ROOM = [1, 15]; // milliseconds of a draw's fall; where the histogram stands, right of now
const UP = {y: [-0.22, 1.04], height: 250, yticks: [0, 0.5, 1]};

const wide = ({lr, step}) => (1 - lr) ** step;
const nearest = ({lr, step}) => lr <= 0.25 && (1 - lr) ** step < 0.01 && (1 - lr) ** (step - 1) >= 0.01;
const moving = live => live.player.running || live.root.querySelector(".live-held");

/** How many of the moves before step n, at most five, the end of the run from ½ made on average. */
function meanMove(ends, n) {
  const middle = k => (ends[k][0] + ends[k][1]) / 2, from = Math.max(1, n - 4);
  let sum = 0;
  for (let k = from; k <= n; k++) sum += Math.abs(middle(k) - middle(k - 1));
  return n ? sum / (n - from + 1) : NaN;
}

function drawTosses({panels: {past: panel}, settings: {step}, states: {tossed}, theme}) {
  const digits = panel.X(1) - panel.X(0) > 7.5;
  tossed.forEach((x, i) => {
    const color = i < step ? theme.ink : theme.line;
    if (digits) panel.text(-i - 0.5, -0.1, String(x), {color, size: 11, align: "center", mono: true});
    else panel.dot(-i - 0.5, x ? -0.07 : -0.13, {color, size: 1.8, ring: false});
  });
}

function drawRuns({panels: {past: panel}, settings: {step, lr}, states: {tossed}, theme}) {
  const runs = pair(tossed.slice(0, step).reverse(), lr), at = (k, side) => [k - step, runs[k][side]];
  const [low, high] = [0, 1].map(side => runs.map((_, k) => at(k, side)));
  panel.path([[-step, 0], [-step, 1]], {color: theme.line, width: 1.5, dash: [3, 3]});
  panel.path([...low, ...high.slice().reverse()], {fill: theme.backward, width: 0, alpha: 0.14});
  for (const line of [low, high]) {
    panel.path(line, {color: theme.backward, width: 2});
    if (step <= 25) line.forEach(([x, y]) => panel.dot(x, y, {color: theme.backward, size: 2.6, ring: false}));
  }
  panel.path([[0, 0], [0, 1]], {color: theme.ink, width: 1.5});
  const [bottom, top] = runs.at(-1);
  panel.path([[0, bottom], [0, top]], {color: theme.backward, width: 7});
  panel.dot(0, (bottom + top) / 2, {color: theme.backward, size: 6});
}

/** Where a share of the draws ends in the histogram. */
function scaled(live, counts) {
  const {law} = live.states, {draws} = live.settings, most = Math.max(...law);
  const unit = Math.max(1.25 * most, Math.min(Math.max(...counts) / draws, 3 * most));
  return share => ROOM[0] + Math.min(1, share / unit) * (ROOM[1] - ROOM[0]);
}

function drawHistogram(live) {
  const {panels: {past: panel}, settings: {step, draws}, states, theme} = live, found = arrivals(states, step);
  const counts = counted(found), place = scaled(live, counts);
  const phase = falling(live), last = found.at(-1), newest = Math.min(BINS - 1, Math.floor(last * BINS));
  counts.forEach((count, i) => {
    const end = place((count - (i === newest && phase < 1 ? 1 : 0)) / draws), alpha = i === newest ? 0.85 : 0.45;
    panel.box(ROOM[0], (i + 0.06) / BINS, end, (i + 0.94) / BINS, {fill: theme.backward, alpha});
  });
  const outline = states.law.flatMap((share, i) => [i, i + 1].map(edge => [place(share), edge / BINS]));
  panel.path([[ROOM[0], 0], ...outline, [ROOM[0], 1]], {color: theme.ink, width: 1.5});
  const count = `${draws} ${draws === 1 ? "draw" : "draws"}`, look = {color: theme.muted, size: 12, align: "center"};
  panel.text((ROOM[0] + ROOM[1]) / 2, -0.1, count, look);
  if (phase === 1) return;
  const end = place(counts[newest] / draws), aim = (newest + 0.5) / BINS;
  panel.dot(phase * end, last + phase * (aim - last), {color: theme.backward, size: 6});
}

/** How far the newest draw has fallen into the histogram: 1 when it is there. */
function falling(live) {
  const {draws} = live.settings, now = performance.now();
  if (live.fallen !== undefined && draws === live.fallen + 1 && !wantsLessMotion()) live.fell = now;
  live.fallen = draws;
  const phase = Math.min(1, (now - (live.fell ?? -Infinity)) / FALL);
  if (phase < 1) live.touch();
  return phase;
}

function drawEnds({panels: {ends: panel}, settings: {step}, states, theme}) {
  panel.begin(theme);
  panel.path([[step, 0], [step, 1]], {color: theme.line, width: 1.5, dash: [3, 3]});
  for (const order of ["forward", "backward"]) {
    const ends = states[order], middle = ends.map((e, n) => [n, (e[0] + e[1]) / 2]), color = theme[order];
    const [low, high] = [0, 1].map(side => ends.slice(0, step + 1).map((e, n) => [n, e[side]]));
    panel.path([...low, ...high.reverse()], {fill: color, width: 0, alpha: 0.16});
    panel.path(middle, {color, width: 1.5, alpha: 0.22});
    panel.path(middle.slice(0, step + 1), {color, width: 2});
    panel.path([[step, ends[step][0]], [step, ends[step][1]]], {color, width: 5});
    panel.dot(...middle[step], {color, size: 5, shape: order === "forward" ? "square" : "circle"});
  }
  panel.text(0.5, -0.07, "backward: tosses from the past", {color: theme.backward, size: 12});
  panel.text(0.5, -0.165, "forward: tosses still to come", {color: theme.forward, size: 12});
}

/** A button that draws some more times, as long as there is room. */
function more(label, number) {
  const press = ({settings: {draws}}) => ({draws: Math.min(MOST_DRAWS, draws + number)});
  return button(label, press, {enabled: ({settings}) => settings.draws < MOST_DRAWS});
}

export default figure({
  label: "Coupling from the past: two runs that started some batches ago and end now",
  settings: ["lr", "seed", "draws"],
  states: cftpStates,
  play: {
    length: () => PAST, rate: () => 3, unit: "start, in batches before now", text: live => `n = ${live.settings.step}`,
  },
  panels: [
    {
      name: "past", title: "Two runs, the same tosses; right of now: all draws, exact law (line)",
      grow: 2.4, basis: 420, x: [-PAST - 1, ROOM[1] + 0.5], marginRight: 4,
      xticks: [[-30, "30 ago"], [-20, "20"], [-10, "10"], [0, "now"]], ...UP,
    },
    {
      name: "ends", title: "Where the pair ends after n tosses", x: [0, PAST],
      xticks: [[0, "n = 0"], 10, 20, 30, 40], ...UP,
    },
  ],
  handles: [{
    panel: "past", label: "start of both runs, in batches before now", axis: "x", keyStep: 1,
    at: ({settings}) => [-settings.step, UP.y[0]], move: (live, [x]) => ({step: clamp(Math.round(-x), 0, PAST)}),
    say: ({settings}) => `${settings.step} batches before now`,
  }],
  controls: [
    slider("lr", "learning rate h", 0.1, 0.9, 0.01), more("Draw again", 1), more("Draw 100 more", 100),
    button("Clear", ({settings: {seed}}) => ({seed: seed + 1, draws: 1})),
  ],
  draw(live) {
    live.panels.past.begin(live.theme);
    drawTosses(live);
    drawHistogram(live);
    drawRuns(live);
    drawEnds(live);
  },
  title({settings}) {
    const {step} = settings, ago = `${step} ${step === 1 ? "batch" : "batches"} ago`;
    const apart = `<span class="b">${short(wide(settings), 2)} apart</span>`;
    if (!step) return "Drag the start into the past: where do the two runs stand now?";
    if (wide(settings) > 0.1) return `Started ${ago}, the runs are still ${apart} now`;
    return `Started ${ago}, the runs arrive ${apart}: earlier starts end between them`;
  },
  read({settings: {step, draws}, states: {forward, backward}}) {
    const [low, high] = backward[step], moves = [forward, backward].map(ends => short(meanMove(ends, step), 2));
    const cost = `cost ${draws} × ${step} = ${(draws * step).toLocaleString("en")}`;
    const now = `Bracket now <b>${low.toFixed(4)}</b> to <b>${high.toFixed(4)}</b>`;
    if (!step) return `${now} · ${cost}`;
    const [f, b] = [`<span class="f">forward ${moves[0]}</span>`, `<span class="b">backward ${moves[1]}</span>`];
    return `${now} · mean of the last moves ${f}, ${b} · ${cost}`;
  },
  goals: [
    {
      text: "At h ≤ 0.25: make the bracket narrower than 0.01 from the nearest start that does it.",
      reached: live => !moving(live) && nearest(live.settings),
    },
    {
      text: "Draw at least 30 times, each draw certified to 0.001.",
      reached: live => !moving(live) && live.settings.draws >= 30 && wide(live.settings) <= 0.001,
    },
  ],
});
