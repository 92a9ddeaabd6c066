// The panels of all sequences: the coins of one of them, and where all of them end.

import {drawCoin} from "./chips.js";
import {SEQUENCES, TOSSED, tossOf} from "./same_law_states.js";

const BINS = 64;
const FULL = 40; // pixels for a coin
export const SIDES = {forward: {base: 70, way: 1}, backward: {base: 37, way: -1}};
export const NUMBERS = Array.from({length: SEQUENCES}, (_, i) => i);

/** The sequence that is looked at: under the pointer, or else the chosen one. */
export const shown = live => live.hovered ?? live.settings.chosen;

export const tossesOf = number => Array.from({length: TOSSED}, (_, i) => tossOf(number, i));

/** Whether a sequence is drawn dark. */
const isDarkOne = ({settings: {shade}}, number) => tossOf(number, shade === "oldest" ? 0 : TOSSED - 1) === 1;

/** The sequences in each bin of an order, dark ones first. */
function binned(live, order) {
  const bins = Array.from({length: BINS}, () => []),
    ends = live.states[order];
  for (const number of NUMBERS) bins[Math.min(BINS - 1, Math.floor(ends[number] * BINS + 1e-9))].push(number);
  return bins.map(bin => [...bin.filter(n => isDarkOne(live, n)), ...bin.filter(n => !isDarkOne(live, n))]);
}

/** The sequence whose end lies nearest to x. */
export function nearest(ends, x) {
  return NUMBERS.reduce((best, number) => (Math.abs(ends[number] - x) < Math.abs(ends[best] - x) ? number : best), 0);
}

function drawSide(live, order, bins, unit) {
  const {
      panels: {ends: panel},
      theme,
    } = live,
    {base, way} = SIDES[order],
    gap = (unit * (panel.bottom - panel.top)) / 100 > 4 ? 1 : 0;
  const wide = (panel.X(1) - panel.X(0)) / BINS;
  bins.forEach((bin, k) =>
    bin.forEach((number, i) => {
      const y = base + way * i * unit,
        top = panel.Y(way > 0 ? y + unit : y),
        tall = Math.abs(panel.Y(y + unit) - panel.Y(y));
      panel.ctx.globalAlpha = isDarkOne(live, number) ? 1 : 0.38;
      panel.ctx.fillStyle = number === shown(live) ? theme.ink : theme[order];
      if (number === shown(live)) panel.ctx.globalAlpha = 1;
      panel.ctx.fillRect(panel.X(k / BINS) + 0.5, top, Math.max(1, wide - 1), Math.max(0.5, tall - gap));
    }),
  );
  panel.ctx.globalAlpha = 1;
  panel.path(
    [
      [0, base],
      [1, base],
    ],
    {color: theme.line, width: 1},
  );
}

export function drawEnds(live) {
  const {
      panels: {ends: panel},
      states,
      theme,
    } = live,
    number = shown(live);
  panel.begin(theme);
  const sides = ["forward", "backward"],
    bins = Object.fromEntries(sides.map(order => [order, binned(live, order)]));
  const unit = 25 / Math.max(8, ...sides.flatMap(order => bins[order].map(bin => bin.length)));
  for (const n of NUMBERS)
    panel.path(
      [
        [states.forward[n], 69],
        [states.backward[n], 38],
      ],
      {color: theme.muted, width: 0.7, alpha: 0.16},
    );
  sides.forEach(order => drawSide(live, order, bins[order], unit));
  panel.path(
    [
      [states.forward[number], 70],
      [states.backward[number], 37],
    ],
    {color: theme.ink, width: 2.2},
  );
  for (const x of [0, 0.25, 0.5, 0.75, 1])
    panel.text(x, 0, String(x), {
      color: theme.muted,
      size: 11.5,
      align: x ? (x === 1 ? "right" : "center") : "left",
      baseline: "bottom",
    });
  panel.text(0, 100, "all ends of forward", {color: theme.forward, bold: true, baseline: "top"});
  panel.text(0, 6, "all ends of backward", {color: theme.backward, bold: true, baseline: "bottom"});
  for (const order of sides)
    panel.dot(states[order][number], SIDES[order].base, {
      color: theme[order],
      size: 8,
      shape: order === "forward" ? "circle" : "square",
    });
}

export function drawTosses(live) {
  const {
      panels: {tosses: panel},
      theme,
    } = live,
    number = shown(live);
  panel.begin(theme, [0, panel.width / FULL], [0, 1]);
  const from = first(panel);
  if (from > 1) panel.text(from - 0.6, 0.5, "oldest toss", {color: theme.muted, align: "right"});
  if (from > 1) panel.text(from + TOSSED - 0.4, 0.5, "newest toss", {color: theme.muted});
  tossesOf(number).forEach((toss, i) => drawCoin(panel, from + i, 0.5, toss, {size: 14}));
}

/** Where the first coin lies. */
export const first = panel => Math.max(0.6, (panel.width / FULL - TOSSED + 1) / 2);
