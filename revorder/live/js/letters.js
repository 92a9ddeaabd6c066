// Batches as coloured chips with their number: old ones dark, new ones light.

import {DARK} from "./theme.js";

const RAMP = {
  light: [
    [38, 45, 112],
    [92, 74, 158],
    [158, 79, 150],
    [205, 122, 138],
    [236, 184, 140],
    [247, 228, 168],
  ],
  dark: [
    [78, 88, 190],
    [122, 100, 196],
    [178, 98, 172],
    [222, 138, 152],
    [240, 190, 146],
    [248, 232, 176],
  ],
};

function ramp(part, dark) {
  const stops = RAMP[dark ? "dark" : "light"],
    at = Math.min(0.9999, Math.max(0, part)) * (stops.length - 1),
    k = Math.floor(at);
  return stops[k].map((v, c) => Math.round(v + (at - k) * (stops[k + 1][c] - v)));
}

/** The colour of batch i of `count`. faint: the share of it over the paper. */
export function letterColour(i, count, theme, faint = 1) {
  const dark = theme === DARK,
    paper = dark ? [20, 24, 30] : [255, 255, 255];
  const rgb = ramp(count > 1 ? i / (count - 1) : 0, dark).map((v, c) => Math.round(faint * v + (1 - faint) * paper[c]));
  return `rgb(${rgb.join()})`;
}

/** Dark or light, whichever can be read on that batch's colour. */
function letterInk(i, count, theme) {
  const [r, g, b] = ramp(count > 1 ? i / (count - 1) : 0, theme === DARK);
  return 0.3 * r + 0.59 * g + 0.11 * b > 125 ? "#14181e" : "#ffffff";
}

/** A chip around a point in pixels. look: "done", "due" (pale), "free" (hollow: shared with another word). */
export function drawChip(
  panel,
  px,
  py,
  i,
  {count, size, look = "done", square = true, number = size >= 14, ring = null},
) {
  const {ctx, theme} = panel,
    half = size / 2,
    color = letterColour(i, count, theme);
  ctx.beginPath();
  if (square) ctx.roundRect(px - half, py - half, size, size, Math.min(6, size / 4));
  else ctx.arc(px, py, half, 0, 2 * Math.PI);
  ctx.fillStyle = look === "done" ? color : look === "due" ? letterColour(i, count, theme, 0.28) : theme.paper;
  ctx.fill();
  Object.assign(ctx, {
    strokeStyle: ring ?? (look === "done" ? theme.paper : letterColour(i, count, theme, 0.75)),
    lineWidth: ring ? 2.5 : 1.3,
  });
  ctx.setLineDash(look === "free" && !ring ? [2.5, 2.5] : []);
  ctx.stroke();
  ctx.setLineDash([]);
  if (!number) return;
  ctx.font = `600 ${Math.max(10, Math.min(13.5, 0.55 * size))}px system-ui, sans-serif`;
  Object.assign(ctx, {
    textAlign: "center",
    textBaseline: "middle",
    fillStyle: look === "done" ? letterInk(i, count, theme) : theme.ink,
  });
  ctx.fillText(String(i), px, py + 0.5);
}

/** Begin a panel whose data coordinates are its pixels. */
export function inPixels(panel, theme) {
  panel.begin(theme, [6, panel.width - (panel.spec.marginRight ?? 12)], [panel.height - 6, panel.spec.marginTop ?? 10]);
}
