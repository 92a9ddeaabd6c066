// Coin tosses as digits: forward reads them from the newest, backward from the oldest; beside it the law of many seeds.

import {again, choice, custom} from "./controls.js";
import {CELLS, digitStates, SEEDS, TOSSES} from "./digits_law_states.js";
import {clamp} from "./handles.js";
import {digitPress, drawDigits, drawPieces} from "./digits_rows.js";
import {figure} from "./kit.js";
import {make, short} from "./basics.js";

const PER_BAR = 4, GOLDEN = (3 - Math.sqrt(5)) / 2, SNAPS = [GOLDEN, 1 / 2, 2 / 3], ORDERS = ["forward", "backward"];
const HALVES = [[0, "0"], [0.25, "¼"], [0.5, "½"], [0.75, "¾"], [1, "1"]];

function barsOf(shares) {
  const bars = new Float64Array(CELLS / PER_BAR);
  shares.forEach((share, j) => { bars[Math.floor(j / PER_BAR)] += share; });
  return bars;
}

/** A staircase over the bars, up from the middle line or down. */
function staircase(bars, scale, sign) {
  const points = [[0, 0]];
  bars.forEach((bar, k) => {
    const height = sign * Math.min(1, scale * bar);
    points.push([k / bars.length, height], [(k + 1) / bars.length, height]);
  });
  return [...points, [1, 0]];
}

function drawHistograms(live, panel, law) {
  const {theme, states, settings: {step}} = live, exact = barsOf(law.exact), scale = 0.75 / Math.max(...exact);
  for (const [order, sign] of [["forward", 1], ["backward", -1]]) {
    panel.path(staircase(barsOf(law[order]), scale, sign), {fill: theme[order], width: 0, alpha: 0.55});
    panel.path(staircase(exact, scale, sign), {color: theme.ink, width: 1.1});
    panel.dot(states[order][step], 0.05 * sign, {color: theme[order], shape: sign > 0 ? "circle" : "square"});
    panel.text(0.012, 0.92 * sign, order, {color: theme[order], bold: true});
  }
}

function drawCdfs(live, panel, law) {
  const {theme} = live, up = share => -0.96 + 1.92 * share;
  const rising = shares => {
    let sum = 0;
    return [[0, up(0)], ...Array.from(shares, (share, j) => [(j + 1) / CELLS, up(sum += share)])];
  };
  panel.path(rising(law.exact), {color: theme.line, width: 6, alpha: 0.6});
  ORDERS.forEach((order, k) => {
    panel.path(rising(law[order]), {color: theme[order], width: 1.6, dash: k ? [6, 3] : []});
    panel.text(0.012, 0.92 - 0.2 * k, order, {color: theme[order], bold: true});
  });
}

/** The two copies of the law that it is made of, one for each leading digit. */
function drawCopies(panel, lr, theme) {
  panel.box(0, -1.06, 1 - lr, -1.22, {fill: theme.other, alpha: 0.35});
  panel.box(lr, -1.26, 1, -1.42, {fill: theme.other, alpha: 0.35});
  panel.text(0, -1.14, "leading digit 0", {size: 12, dx: 6});
  panel.text(1, -1.34, "leading digit 1", {size: 12, align: "right", dx: -6});
  panel.text(lr, -1.34, "drag h", {align: "right", dx: -15, size: 12, color: theme.muted});
}

function lawName(lr) {
  if (lr === 0.5) return "h = ½: binary digits";
  if (Math.abs(lr - 2 / 3) < 1e-9) return "h = ⅔: Cantor's law";
  if (Math.abs(lr - GOLDEN) < 1e-9) return "h = 0.382: a law without density (Erdős)";
  return `h = ${short(lr, 2)}: ${lr < 0.5 ? "the copies overlap" : `a gap of ${short(2 * lr - 1, 2)} opens`}`;
}

/** The tosses as text that can be typed: what has been typed is what has been tossed. */
function buildTosses({label}, live) {
  const input = make("input", {type: "text", inputmode: "numeric", maxlength: `${TOSSES}`, spellcheck: "false",
    autocomplete: "off", "aria-label": `${label}, 0 or 1, oldest first`});
  Object.assign(input.style, {width: `${TOSSES + 3}ch`, fontFamily: "ui-monospace, Menlo, Consolas, monospace"});
  input.addEventListener("input", () => {
    const typed = input.value.replace(/[^01]/g, "");
    if (input.value !== typed) input.value = typed;
    if (typed) live.set({tosses: typed, step: typed.length});
  });
  input.addEventListener("change", () => live.settle());
  return {
    element: make("label", {class: "live-control"}, make("span", {"aria-hidden": "true"}, label), input),
    update() {
      const {tosses} = live.settings, emptied = input.matches(":focus") && !input.value;
      if (!emptied && input.value !== tosses) input.value = tosses;
    },
  };
}

function palindrome({settings: {step, tosses}}) {
  const used = tosses.slice(0, step);
  return step >= 8 && /01|10/.test(used) && used === [...used].reverse().join("");
}

/** The size of a move as a decimal number of two digits. */
function moveText(path, step) {
  const move = Math.abs(path[step] - path[step - 1]);
  return move > 5e-8 ? move.toFixed(Math.max(2, 1 - Math.floor(Math.log10(move)))) : "0";
}

function exactly(value) {
  return Number(value.toFixed(7)) === value ? `= ${value}` : `≈ ${value.toFixed(6)}`;
}

const RATE_HANDLE = {
  panel: "law", label: "learning rate h", axis: "x", keyStep: 0.01, color: "other",
  at: ({settings}) => [settings.lr, -1.34],
  move: (live, [x]) => ({lr: SNAPS.find(snap => Math.abs(snap - x) < 0.007) ?? clamp(Number(x.toFixed(3)), 0.2, 0.8)}),
  say: ({settings}) => `h = ${short(settings.lr)}`,
};

export default figure({
  label: "Coin tosses as digits, forward and backward, and the law of many seeds",
  settings: ["tosses", "lr", "seed", "show"],
  states: digitStates,
  play: {length: live => live.settings.tosses.length, rate: () => 1.2, unit: "step n, tosses used"},
  panels: [
    {name: "digits", title: "One run: forward reads the newest toss first, backward the oldest", x: [0, 1], y: [0, 1],
      xticks: HALVES, yticks: [], height: 228},
    {name: "law", title: `Its law: ${SEEDS.toLocaleString("en")} other runs each way, and the exact law`, x: [0, 1],
      y: [-1.46, 1], xticks: HALVES, yticks: [], height: 228},
  ],
  handles: [
    ...ORDERS.flatMap(order => Array.from({length: TOSSES}, (_, place) => digitPress(order, place))), RATE_HANDLE,
  ],
  controls: [
    custom("tosses", "tosses", buildTosses), again("Toss again"),
    choice("show", "law as", [["histogram", "histogram"], ["cdf", "CDF"]]),
  ],
  draw(live) {
    const {panels: {digits, law}, theme, states, settings: {step, lr, show}} = live;
    digits.begin(theme);
    law.begin(theme);
    for (const order of ORDERS) {
      drawPieces(digits, order, live);
      drawDigits(digits, order, live);
    }
    (show === "cdf" ? drawCdfs : drawHistograms)(live, law, states.law(step));
    drawCopies(law, lr, theme);
  },
  title({settings: {step, lr}, states}) {
    if (!step) return `${lawName(lr)}. Press play: where does each toss go in F, where in B?`;
    const [f, b] = ORDERS.map(order => moveText(states[order], step));
    const moves = `<span class="f">forward by ${f}</span>, <span class="b">backward by ${b}</span>`;
    return `${lawName(lr)}. Toss ${step} moves ${moves}`;
  },
  read({settings: {step}, states}) {
    const [f, b] = ORDERS.map(order => exactly(states[order][step]));
    return `<b class="f">F</b> ${f} · <b class="b">B</b> ${b} · the CDFs of the two samples differ by at most `
      + `<b>${states.law(step).distance.toFixed(3)}</b> (by chance below 0.030 in 19 of 20)`;
  },
  goals: [
    {text: "Make backward spell 0.6875 at h = ½.",
      reached: ({settings: {step, lr}, states}) => lr === 0.5 && states.backward[step] === 0.6875},
    {text: "Open a gap of exactly one third.", reached: ({settings: {lr}}) => Math.abs(lr - 2 / 3) < 0.002},
    {text: "Bring both to the same number by at least 8 tosses, not all alike.", reached: palindrome},
  ],
});
