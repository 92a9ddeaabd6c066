// Backward's limit magnified: each sub-triangle is drawn in its own frame, so that no depth is too deep for float64.

import {short} from "./basics.js";
import {backwardFrom, frames} from "./corner_maps.js";
import {CORNER_COLOURS, counted, name, outline} from "./corners.js";

const NEST = 7, AROUND = 3; // triangles inside and around that are drawn

const placed = (corners, {scale, shift}) => corners.map(corner => corner.map((v, d) => scale * v + shift[d]));
const boxed = ([x1, x2], [y1, y2]) => [[x1, y1], [x2, y1], [x2, y2], [x1, y2]];

export function drawMagnified(live, {drawn, step}) {
  const {panels: {zoom: panel}, settings: {corners, lr, view, depth: wanted}, theme, phase} = live;
  const depth = Math.min(wanted, Math.max(0, step - 1 + phase)), k = Math.min(Math.floor(depth), drawn.length - 1);
  const range = rangeAt(panel.spec, corners[drawn[k]], 1 - lr, depth - k), times = (1 - lr) ** -depth;
  const said = times < 1e7 ? counted(Math.round(times)) : short(times, 2);
  name(panel, `${view === "run" ? "Backward" : "The newest seed"}, magnified ${said} time${said === "1" ? "" : "s"}`);
  panel.begin(theme, ...range);
  panel.clipped(() => {
    for (const points of copies(corners, lr)) outline(panel, points, {color: theme.grid, width: 1});
    for (const {points, number} of nestAt(corners, drawn, lr, k, step)) {
      const color = number ? theme[CORNER_COLOURS[drawn[number - 1]]] : theme.line;
      outline(panel, points, {color, width: number ? 1.8 : 1});
    }
    if (step) drawLast(live, panel, drawn, step, k);
  });
  outline(panel, boxed(...range), {color: theme.line, width: 1.2});
  if (view === "run" && step) drawWindow(live, range, drawn, k);
}

/** What is seen at depth k + part: the range of x and of y, in the frame of sub-triangle k. */
function rangeAt({x, y}, corner, shrink, part) {
  const scale = shrink ** part, shift = part ? 1 - scale : 0;
  return [x, y].map((range, d) => range.map(v => scale * v + shift * corner[d]));
}

/** The sub-triangles around and inside, from the outermost: {points, number}, in the frame of sub-triangle k. */
function nestAt(corners, drawn, lr, k, last) {
  const inner = frames(corners, drawn.subarray(k), lr, Math.max(0, Math.min(NEST, last - k))), found = [];
  let points = corners;
  for (let j = k - 1; j >= Math.max(0, k - AROUND); j--) {
    points = points.map(p => p.map((v, d) => (v - lr * corners[drawn[j]][d]) / (1 - lr)));
    found.unshift({points, number: j});
  }
  return [...found, ...inner.map((frame, i) => ({number: k + i, points: placed(corners, frame)}))];
}

/** All copies of the triangle inside of it, to a depth of three. */
function copies(corners, lr, depth = 3) {
  const all = [];
  let found = [{scale: 1, shift: [0, 0]}];
  for (let i = 0; i < depth; i++) {
    found = found.flatMap(({scale, shift}) => corners.map(corner => (
      {scale: scale * (1 - lr), shift: shift.map((s, d) => s + scale * lr * corner[d])})));
    all.push(...found);
  }
  return all.map(frame => placed(corners, frame));
}

/** The path from step k on: in this frame it starts where the run did. */
function drawLast({settings, theme, phase}, panel, drawn, step, k) {
  const {x, y} = backwardFrom(drawn, k, Math.min(step - k, 60), settings), last = x.length - 1;
  const from = Math.max(0, last - 1);
  panel.line(x, y, {color: theme.backward, width: 1.2, alpha: 0.6}, 0, from + 1);
  for (let i = 0; i <= from; i++) panel.dot(x[i], y[i], {color: theme.backward, size: 3, ring: false});
  const now = [x, y].map(path => path[from] + phase * (path[last] - path[from]));
  panel.dot(...now, {color: theme.backward, size: 6.5});
}

/** Where the magnified part lies in the panel beside. */
function drawWindow({panels: {backward: panel}, settings: {corners, lr}, theme}, range, drawn, k) {
  const {scale, shift} = frames(corners, drawn, lr, k)[k];
  const [x, y] = range.map((ends, d) => ends.map(v => scale * v + shift[d]));
  if (x[1] - x[0] > 0.02) outline(panel, boxed(x, y), {color: theme.line, width: 1.2});
}
