// One run of coin tosses, drawn: its digits in both orders, and the nested pieces of the line that they single out.

import {TOSSES} from "./digits_law_states.js";

const LEVELS = 7, TOP = {forward: 1, backward: 0.485}, LETTERS = {forward: "F", backward: "B"};
const SQUARE = [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]];

/** The intervals that are left when the leading digits are these tosses: after none, one, two … */
function nestedPieces(digits, lr) {
  const pieces = [[0, 1]];
  let low = 0, width = 1;
  for (const digit of digits) {
    low += width * lr * digit;
    width *= 1 - lr;
    pieces.push([low, low + width]);
  }
  return pieces;
}

function leadingTosses(order, x, n) {
  const used = x.slice(0, n);
  return (order === "forward" ? used.reverse() : used).slice(0, LEVELS);
}

/** The pieces on their way from the last step: forward's all move, backward's stay and one is added. */
function movingPieces(order, {settings: {step, lr}, states: {x}, phase}) {
  const now = nestedPieces(leadingTosses(order, x, step), lr);
  if (phase >= 1 || !step) return now;
  const before = nestedPieces(leadingTosses(order, x, step - 1), lr);
  const from = k => before[order === "forward" ? k - 1 : Math.min(k, before.length - 1)];
  return now.map((piece, k) => k ? piece.map((end, i) => from(k)[i] + phase * (end - from(k)[i])) : piece);
}

export function drawPieces(panel, order, live) {
  const {theme, settings: {step}, phase} = live, path = live.states[order], color = theme[order];
  const row = k => TOP[order] - 0.105 - 0.038 * (k - 1), base = row(LEVELS + 1) - 0.025;
  for (let k = 1; k <= LEVELS; k++) panel.box(0, row(k), 1, row(k + 1) + 0.006, {fill: theme.wash});
  movingPieces(order, live).slice(1).forEach(([low, high], i) => {
    panel.box(low, row(i + 1), Math.max(high, low + 0.004), row(i + 2) + 0.006, {fill: color, alpha: 0.35 + 0.08 * i});
  });
  const from = path[Math.max(0, step - 1)];
  panel.path([[0, base], [1, base]], {color: theme.line, width: 1});
  const shape = order === "forward" ? "circle" : "square";
  panel.dot(from + phase * (path[step] - from), base, {color, shape});
}

/** The middle of digit `place` of a row in pixels from the left, and how wide a digit is. */
function digitAt(panel, place) {
  const wide = Math.min(17, (panel.right - panel.left - 26) / TOSSES);
  return {at: panel.left + 24 + wide * (place + 0.5), wide};
}

/** The digits of the state; backward's row goes on with the tosses that are still to come, in grey. */
export function drawDigits(panel, order, {theme, settings: {step, lr, tosses}, phase}) {
  const color = theme[order], y = TOP[order] - 0.045, end = order === "forward" ? step : tosses.length;
  panel.text(0, y, LETTERS[order], {color, bold: true, size: 15, align: "right", dx: -12});
  if (lr === 0.5 && step) panel.text(0, y, "0.", {color, mono: true, size: 16, dx: 2});
  for (let i = 0; i < end; i++) {
    const newest = i === step - 1, place = order === "backward" ? i : step - 1 - i - (newest ? 0 : 1 - phase);
    const {at, wide} = digitAt(panel, place), [x] = panel.at(at, 0), size = Math.min(16, wide + 2);
    const dy = newest ? -14 * (1 - phase) : 0, look = i < step ? {color, dy} : {color: theme.muted};
    panel.text(x, y, tosses[i], {mono: true, align: "center", size, bold: newest, ...look});
    const frame = SQUARE.map(([u, v]) => panel.at(at + u * wide / 2, panel.Y(y) - 1 + 11 * v));
    if (newest) panel.path(frame, {color, width: 1.5});
  }
}

/** A digit that a press turns into the other one. Keys have the text of the tosses. */
export function digitPress(order, place) {
  const batch = ({settings: {step}}) => order === "forward" ? step - 1 - place : place;
  return {
    panel: "digits", quiet: true,
    area({panels: {digits: panel}}) {
      const {at, wide} = digitAt(panel, place), y = panel.Y(TOP[order] - 0.045);
      return [...panel.at(at - wide / 2, y - 13), ...panel.at(at + wide / 2, y + 12)];
    },
    when: live => batch(live) >= 0 && batch(live) < live.settings.tosses.length,
    press(live) {
      const turned = Array.from(live.settings.tosses, (toss, i) => i === batch(live) ? 1 - toss : toss);
      return {tosses: turned.join("")};
    },
  };
}
