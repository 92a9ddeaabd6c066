// The two rows of boxes: each box pulls a value towards its coin.

import {drawCoin} from "./chips.js";
import {clamp} from "./handles.js";

export const TOSSES = 12;
export const ROWS = {
  forward: {at: 1.92, shape: "circle", says: "the newest map comes last", brief: "newest last"},
  backward: {at: 0.28, shape: "square", says: "the newest map comes first", brief: "newest first"},
};
export const TALL = 0.86; // height of a box

/** The place of a value in the row of an order. */
export const level = (order, value) => ROWS[order].at + TALL * value;

/** The left edge of the box of toss i, when n have been made: rows begin at the left, backward's end at the right. */
export const edge = (order, i) => (order === "forward" ? i : TOSSES - 1 - i);

/** How far the newest map has come, and then the value on its way: both from 0 to 1. */
export const stages = phase => [clamp(phase / 0.35, 0, 1), clamp((phase - 0.3) / 0.7, 0, 1)];

function drawBox(panel, theme, order, i, {used, newest, seen}) {
  const x = edge(order, i),
    {at} = ROWS[order];
  const color = newest ? theme[order] : theme.line,
    width = newest ? 2 : 1;
  if (used)
    panel.box(x + 0.06, at, x + 0.94, at + TALL, {
      fill: newest ? theme[order] : theme.wash,
      alpha: (newest ? 0.16 : 1) * seen,
    });
  const outline = [
    [x + 0.06, at],
    [x + 0.94, at],
    [x + 0.94, at + TALL],
    [x + 0.06, at + TALL],
    [x + 0.06, at],
  ];
  panel.path(outline, {color, width, dash: used ? [] : [2, 4], alpha: used ? seen : 0.6});
}

/** The boxes and chips of a row. */
function drawRow(live, order) {
  const {
      panels: {boxes: panel},
      settings: {step, tosses},
      theme,
      phase,
    } = live,
    [came] = stages(phase);
  const last = order === "forward" ? TOSSES : step;
  for (let i = 0; i < last; i++) {
    const newest = i === step - 1;
    drawBox(panel, theme, order, i, {used: i < step, newest, seen: newest && order === "backward" ? came : 1});
  }
  for (let i = 0; i < last; i++) {
    const to = [edge(order, i) + 0.5, level(order, tosses[i])],
      from = [i + 0.5, level("forward", tosses[i])];
    const gone = order === "backward" && i === step - 1 ? came : 1;
    drawCoin(panel, ...to.map((v, k) => from[k] + gone * (v - from[k])), tosses[i], {alpha: i < step ? 1 : 0.4});
    if (i < step) panel.text(to[0], ROWS[order].at, String(i), {color: theme.muted, size: 11, align: "center", dy: 18});
  }
}

/** The value on its way through the row; `until`: how many maps it has passed, with a fraction. */
function drawPass(live, order, values, first, until, alpha = 1) {
  const {
      panels: {boxes: panel},
      theme,
    } = live,
    whole = Math.floor(until),
    points = values.slice(0, whole + 1).map((v, k) => [first + k, level(order, v)]);
  if (whole < values.length - 1) {
    const [from, to] = [values[whole], values[whole + 1]],
      part = until - whole;
    points.push([first + until, level(order, from + part * (to - from))]);
  }
  panel.path(points, {color: theme[order], width: 2.6, alpha});
  if (alpha < 1) return;
  panel.dot(...points[0], {color: theme.ink, size: 5});
  panel.dot(...points.at(-1), {color: theme[order], size: 7, shape: ROWS[order].shape});
}

function drawHead(live, order) {
  const {
      panels: {boxes: panel},
      settings: {step},
      states,
      theme,
    } = live,
    y = ROWS[order].at + TALL;
  panel.text(0, y, order, {color: theme[order], bold: true, size: 14, dy: -22}); // its font is still set below
  panel.text(0, y, ROWS[order][panel.width > 420 ? "says" : "brief"], {
    color: theme.muted,
    size: 13,
    dy: -22,
    dx: panel.ctx.measureText(order).width + 9,
  });
  const name = order === "forward" ? "F" : "B";
  panel.text(TOSSES, y, `${name}${subscript(step)} = ${states[order][step].toFixed(3)}`, {
    color: theme[order],
    bold: true,
    size: 14,
    align: "right",
    dy: -22,
  });
}

const subscript = n => String(n).replace(/\d/g, digit => "₀₁₂₃₄₅₆₇₈₉"[digit]);

export function drawBoxes(live) {
  const {
      panels: {boxes: panel},
      settings: {step},
      states: {forward, passes},
      theme,
      phase,
    } = live,
    [, gone] = stages(phase);
  panel.begin(theme);
  for (const order of ["forward", "backward"]) {
    drawHead(live, order);
    drawRow(live, order);
  }
  drawPass(live, "forward", forward.slice(0, step + 1), 0, step ? step - 1 + gone : 0);
  if (gone < 1 && step) drawPass(live, "backward", passes[step - 1], TOSSES - step + 1, step - 1, 0.3);
  drawPass(live, "backward", passes[step], TOSSES - step, gone * step);
}
