// Batches that come again after K: the looks whose words are prefixes of each other lie on one chain.

import {slider} from "./controls.js";
import {commonDivisor, cyclicStates} from "./cyclic_sharing_states.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";
import {letterColour} from "./letters.js";

const CLOCK_WIDE = 1.25;
const onClock = (i, K) => [Math.sin((2 * Math.PI * i) / K), Math.cos((2 * Math.PI * i) / K)];

/** The steps modulo K on a clock: looks jump from place to place. */
function drawClock({panels: {clock: panel}, settings: {period, stride}, states: {chains}, theme}) {
  panel.begin(theme);
  panel.path(
    Array.from({length: 97}, (_, i) => onClock(i, 96)),
    {color: theme.grid, width: 2},
  );
  const looks = chains.length,
    first = chains[0].residue;
  for (let k = 0; k < looks && period > 1; k++) {
    const from = onClock(first + k * stride, period),
      to = onClock(first + (k + 1) * stride, period);
    panel.arrow(
      ...from.map(v => 0.93 * v),
      ...to.map((v, d) => v - (0.13 * (v - from[d])) / (Math.hypot(v - from[0], to[1] - from[1]) || 1)),
      {color: theme.backward, width: 1.6, alpha: 0.85},
    );
  }
  const seen = new Set(chains.map(({residue}) => residue));
  for (let i = 0; i < period; i++) {
    const [x, y] = onClock(i, period),
      ring = seen.has(i) ? theme.backward : null;
    panel.dot(x, y, {color: ring ?? theme.line, size: ring ? 9 : 5});
    panel.text(1.22 * x, 1.22 * y, String(i), {
      align: "center",
      size: 13,
      bold: Boolean(ring),
      color: ring ? theme.ink : theme.muted,
    });
  }
}

/** Each chain as a row of batches from the start on, with a mark wherever somebody looks. */
function drawThreads({panels: {threads: panel}, settings: {period, steps}, states: {chains}, theme}) {
  panel.begin(theme, [0, steps + 1], [12.4, -0.4]);
  const wide = (panel.right - panel.left) / (steps + 1),
    tall = Math.min(13, (panel.bottom - panel.top) / 12.8 - 4);
  chains.forEach(({looks, length}, row) => {
    const y = panel.Y(row + 0.3) - tall / 2;
    for (let k = 0; k < length; k++) {
      panel.ctx.fillStyle = letterColour((length - 1 - k) % period, period, theme, 0.85);
      panel.ctx.fillRect(panel.X(k), y, Math.max(1, wide - (wide > 3 ? 1 : 0)), tall);
    }
    for (const n of looks) panel.dot(n - 0.5, row + 0.3, {color: theme.backward, size: 4.5});
  });
}

/** The price of every stride; the one that is chosen stands out. */
function drawStrides({panels: {strides: panel}, settings: {period, stride, steps}, states: {byStride}, theme}) {
  panel.begin(theme, [0.4, byStride.length + 2.6], [0, 1.22 * Math.max(...byStride)]);
  panel.path(
    [
      [0.4, steps],
      [byStride.length + 2.6, steps],
    ],
    {color: theme.forward, width: 2, dash: [6, 4]},
  );
  byStride.forEach((cost, i) => {
    const chosen = i + 1 === stride,
      color = chosen ? theme.backward : theme.line;
    panel.box(i + 0.7, 0, i + 1.3, cost, {fill: color, color, alpha: chosen ? 1 : 0.7});
    if (!chosen && (period < 9 || panel.width > 700))
      panel.text(i + 1, cost, String(cost), {align: "center", size: 12, dy: -8, color: theme.muted});
  });
  panel.text(byStride.length + 2.6, steps, "forward", {align: "right", bold: true, color: theme.forward, dy: -10});
}

function chainsMessage({settings: {period, stride}, states: {chains, cost, naive, looks}}) {
  const back = `<span class="b">backward</span>`,
    share = commonDivisor(stride, period);
  if (looks === 1) return `A single look: ${back} is one chain of ${cost}, as in every order`;
  if (chains.length === 1) {
    const when = stride === period ? "One look an epoch" : `A look every ${stride} steps`;
    return `${when}: a single chain, ${back} costs ${cost}, no more than <span class="f">forward</span>`;
  }
  const rule = chains.length === period / share ? `${period} / gcd(${stride}, ${period}) = ` : "";
  const every = stride === 1 ? "step" : `${stride} steps`;
  return `A look every ${every}: ${rule}${chains.length} chains, ${cost} evaluations instead of ${naive}`;
}

function chainsRead({settings: {steps, period}, states: {cost, looks, chains}}) {
  const some = (number, thing) => `<b>${number}</b> ${thing}${number === 1 ? "" : "s"}`;
  const forward = Math.max(...chains.map(({length}) => length));
  const costs = `<span class="b">backward <b>${cost}</b></span>, <span class="f">forward <b>${forward}</b></span>`;
  const where = `${some(looks, "look")} on ${some(chains.length, "chain")}`;
  return `N = <b>${steps}</b>, K = <b>${period}</b>: ${where}, ${costs}`;
}

export default figure({
  label: "Chains of backward on batches that come again",
  settings: ["steps", "period", "stride"],
  states: cyclicStates,
  panels: [
    {
      name: "clock",
      title: "Where the looks fall in the cycle",
      x: [-CLOCK_WIDE, CLOCK_WIDE],
      y: [-CLOCK_WIDE, CLOCK_WIDE],
      equal: true,
      bare: true,
      height: 220,
      basis: 220,
      grow: 0.6,
    },
    {
      name: "threads",
      title: "One row for each chain; a dot is a look",
      x: [0, 100],
      y: [12, 0],
      xlabel: "batches applied, newest first",
      yticks: [],
      height: 220,
      basis: 420,
      grow: 1.6,
    },
    {
      name: "strides",
      title: "Evaluations, by the stride",
      x: [0, 22],
      y: [0, 1000],
      xlabel: "a look every s steps",
      height: 130,
      basis: 600,
      yticks: [],
    },
  ],
  handles: [
    {
      panel: "strides",
      label: "stride s",
      axis: "x",
      color: "backward",
      keyStep: 1,
      hint: "drag me",
      at: ({settings: {stride}, states: {byStride}}) => [
        Math.min(stride, byStride.length),
        byStride[Math.min(stride, byStride.length) - 1],
      ],
      move: ({states: {byStride}}, [x]) => ({stride: clamp(Math.round(x), 1, byStride.length)}),
      say: ({settings: {stride}}) => `a look every ${stride} step${stride === 1 ? "" : "s"}`,
    },
    {
      panel: "threads",
      label: "period K",
      axis: "x",
      color: "ink",
      keyStep: 1,
      hint: "K, one epoch",
      at: ({settings: {period}}) => [period, 11.6],
      move: ({settings: {stride}}, [x]) => {
        const period = clamp(Math.round(x), 1, 12);
        return {period, stride: Math.min(stride, 2 * period + 2)};
      },
      say: ({settings}) => `batches repeat after ${settings.period}`,
    },
  ],
  controls: [
    slider("steps", "steps N", 1, 120, 1),
    slider("period", "period K", 1, 12, 1),
    slider("stride", "a look every", 1, 26, 1, {top: ({settings}) => 2 * settings.period + 2, text: s => `${s} step${s === 1 ? "" : "s"}`}),
  ],
  draw(live) {
    drawClock(live);
    drawThreads(live);
    drawStrides(live);
  },
  title: chainsMessage,
  read: chainsRead,
  goals: [
    {
      text: "See backward several times for what forward costs.",
      reached: ({settings: {period}, states: {chains, looks}}) => period > 1 && looks > 1 && chains.length === 1,
    },
    {
      text: "A stride above K ≥ 5 that still needs all K chains.",
      reached: ({settings: {period, stride}, states: {chains}}) =>
        period >= 5 && stride > period && chains.length === period,
    },
  ],
});
