// The panels of recorded methods: a heat map with paired differences beside it, row by row, and paths.

import {short} from "./basics.js";

const HEAD = -0.75,
  FOOT = 0.35; // room above the first row and below the last, in rows
const STRONGEST = 0.55; // of a colour, so that ink can be read on it
const NAME_ROOM = 2.1; // cells
const COLOURED = {loss: [0.04, 0.4], spread: [0.0005, 0.1]}; // nats: from the strongest colour to none

/** The theme's name of a method's colour. */
export function colourOf(name, other = "other") {
  return name === "forward" || name === "backward" ? name : other;
}

/** Numbers of a cell: three digits at most. */
export const cellText = value =>
  !Number.isFinite(value) ? "—" : value < 0.01 ? value.toFixed(4) : value.toPrecision(3);

const rowsRange = ({settings: {recording}}) => [recording.methods.length - 1 + 0.5 + FOOT + 0.8, HEAD];

export function drawHeat(live) {
  const {panels: {heat: panel}, settings: {recording, shown}, states: {means, tuned, row, at}, theme} = live,
    {methods, rates} = recording,
    [low, high] = COLOURED[shown].map(Math.log);
  panel.begin(theme, [-0.5 - NAME_ROOM, rates.length - 0.5], rowsRange(live));
  methods.forEach((name, m) => {
    const chosen = m === row;
    panel.text(-0.5, m, name, {align: "right", dx: -7, size: 12, bold: chosen, color: theme[colourOf(name, "ink")]});
    rates.forEach((_, r) => {
      const part = Math.min(1, Math.max(0, (high - Math.log(means[m][r])) / (high - low))) || 0;
      panel.box(r - 0.48, m - 0.46, r + 0.48, m + 0.46, {fill: theme.other, alpha: STRONGEST * part, color: theme.other});
      const best = r === tuned[m];
      panel.text(r, m, cellText(means[m][r]), {align: "center", size: 12, halo: false});
      if (best) outline(panel, r, m, {color: theme.ink, width: 1.4});
    });
  });
  outline(panel, at, row, {color: theme.backward, width: 3});
  const foot = methods.length - 0.5;
  rates.forEach((rate, r) =>
    panel.text(r, foot, `${rate}`, {align: "center", dy: 12, size: 12, bold: r === at, color: theme.muted}),
  );
  panel.text(-0.5, foot, "learning rate h", {align: "right", dx: -7, dy: 12, size: 12, color: theme.muted});
}

function outline(panel, x, y, style) {
  const [a, b] = [0.46, 0.44];
  panel.path([[x - a, y - b], [x + a, y - b], [x + a, y + b], [x - a, y + b], [x - a, y - b]], style);
}

/** Whether the differences stand below the heat map, as on a phone, and need names of their own. */
const stacked = ({panels: {heat, gaps}}) => gaps.element.offsetTop > heat.element.offsetTop + 20;

/** A range that holds zero and all intervals, but the selected one only if it is not far beyond the others. */
export function gapsRange(rows, selected) {
  const endsOf = some => some.flatMap(({low, high}) => [low, high]).filter(Number.isFinite),
    others = endsOf(rows.filter((_, m) => m !== selected)),
    far = 4 * Math.max(1e-4, ...others.map(Math.abs)),
    ends = [0, ...others, ...endsOf([rows[selected]]).filter(value => Math.abs(value) < far)];
  const [low, high] = [Math.min(...ends), Math.max(...ends)],
    room = 0.08 * (high - low);
  return [low - room, high + room];
}

export function drawGaps(live) {
  const {panels: {gaps: panel}, settings: {recording}, states: {rows, row, base}, theme} = live,
    {methods} = recording,
    [low, high] = gapsRange(rows, row),
    names = stacked(live) ? 0.34 * (high - low) : 0;
  panel.begin(theme, [low - names, high], rowsRange(live));
  const foot = methods.length - 0.5;
  panel.box(low - names, row - 0.5, high, row + 0.5, {fill: theme.wash});
  panel.path([[0, -0.5], [0, foot]], {color: theme.line, width: 1.2});
  rows.forEach(({gaps, middle, low: from, high: to}, m) => {
    const color = theme[colourOf(methods[m])];
    if (names) panel.text(low, m, methods[m], {align: "right", dx: -4, size: 12, bold: m === row});
    if (m === base && middle === 0)
      return panel.text(0, m, "reference", {...(high > -low ? {dx: 6} : {dx: -6, align: "right"}), size: 11.5, color: theme.muted});
    if (!Number.isFinite(middle) || from > high) return panel.text(high, m, "off to the right ▸", {align: "right", size: 11.5, color});
    if (to < low) return panel.text(low, m, "◂ off to the left", {size: 11.5, color});
    for (const gap of gaps)
      if (gap > low && gap < high) panel.dot(gap, m, {color, size: 2.1, ring: false, alpha: 0.55});
    panel.path([[Math.max(from, low), m], [Math.min(to, high), m]], {color: theme.ink, width: 2.2});
    if (middle < high) panel.dot(middle, m, {color, size: m === row ? 6 : 4.5, shape: m === row ? "diamond" : "circle"});
  });
  drawScale(panel, low, high, foot, theme);
}

/** Numbers below the differences: their ends, and zero where there is room. */
function drawScale(panel, low, high, foot, theme) {
  const wide = (high - low) / 4,
    step = [1, 2, 5, 10].map(m => m * 10 ** Math.floor(Math.log10(wide))).find(size => size >= wide);
  panel.path([[low, foot], [high, foot]], {color: theme.line, width: 1});
  const edge = 0.06 * (high - low); // numbers nearer to an end would be cut
  for (let k = Math.ceil((low + edge) / step); k <= Math.floor((high - edge) / step); k++)
    panel.text(k * step, foot, short(k * step, 2), {align: "center", dy: 12, size: 12, color: theme.muted});
}

/** The band from the lowest to the highest of the seeds, and the mean. */
function drawBand(panel, looks, {mean, low, high}, color, dash) {
  const ring = [...looks.map((n, i) => [n, high[i]]), ...looks.map((n, i) => [n, low[i]]).reverse()];
  if (ring.every(([, y]) => Number.isFinite(y))) panel.path(ring, {fill: color, color, width: 0, alpha: 0.16});
  panel.line(looks, mean, {color, width: 2.2, dash});
}

export function drawPaths(live) {
  const {panels: {paths: panel}, settings: {method, reference, recording}, states: {path, basePath, row, base, at, baseAt}, theme} = live,
    {looks, rates} = recording,
    same = row === base && at === baseAt;
  panel.begin(theme);
  const [own, its] = [theme[colourOf(method)], theme[colourOf(reference, "fourth")]];
  panel.clipped(() => {
    if (!same) drawBand(panel, looks, basePath, its, [6, 3]);
    drawBand(panel, looks, path, own, []);
  });
  panel.text(looks.at(-1), panel.y[1], `${method}, ${rates[at]}`, {align: "right", bold: true, color: own, dy: 10});
  if (!same) panel.text(looks.at(-1), panel.y[1], `${reference}, ${rates[baseAt]} (dashed)`, {align: "right", color: its, dy: 27});
}
