// The trie of a plan: one column for each tick, one node for each evaluation; states ride along its edges.

import {drawChip, inPixels} from "./letters.js";

const START = 40,
  TOP = 34,
  FOOT = 22;

/** Where tick t and lane l are, in pixels, and the size of a node. */
function treeGrid({panels: {tree: panel}, states: {launches, lane}}) {
  const wide = Math.min(62, (panel.width - START - 58) / launches),
    rows = Math.max(...lane) + 1;
  const tall = Math.min(42, (panel.height - TOP - FOOT) / rows);
  return {
    wide,
    tall,
    size: Math.max(4, Math.min(26, wide - 3, tall - 2.5)),
    x: t => START + t * wide,
    y: l => TOP + (l + 0.5) * tall,
  };
}

export function drawTree(live) {
  const {
      panels: {tree: panel},
      settings: {step},
      states: {ticks},
      theme,
    } = live,
    grid = treeGrid(live);
  inPixels(panel, theme);
  if (step)
    panel.box(grid.x(step) - grid.wide / 2, 2, grid.x(step) + grid.wide / 2, panel.height - 2, {
      fill: theme.wash,
      color: theme.wash,
    });
  ticks.forEach((tick, t) => drawCall(live, grid, tick, t + 1));
  panel.text(0, 14, "batch", {size: 12, color: theme.muted, halo: false});
  drawEdges(live, grid);
  drawNodes(live, grid);
  drawRiders(live, grid);
}

/** A column's batch above it and the number of its states below. */
function drawCall(
  {panels: {tree: panel}, settings: {step}, states: {letters: count}, theme},
  grid,
  {letter, nodes},
  t,
) {
  const size = Math.min(22, grid.wide - 2);
  drawChip(panel, grid.x(t), 14, letter, {
    count,
    size,
    look: t <= step ? "done" : "due",
    ring: t === step ? theme.ink : null,
  });
  if (grid.wide < 20 && t !== step) return;
  panel.text(grid.x(t), panel.height - 9, `×${nodes.length}`, {
    align: "center",
    size: 12.5,
    bold: t === step,
    color: t <= step ? theme.ink : theme.muted,
  });
}

/** The way along the edge to a node: out of its parent, down to its lane, to its column. */
function edgeTo(node, {parent, tickOf, lane}, grid) {
  const from = parent[node],
    [x, y] = [grid.x(tickOf[from]), grid.y(lane[from])],
    bend = x + Math.min(grid.wide * 0.45, 16);
  return [
    [x, y],
    [bend, y],
    [bend, grid.y(lane[node])],
    [grid.x(tickOf[node]), grid.y(lane[node])],
  ];
}

function drawEdges(live, grid) {
  const {
      panels: {tree: panel},
      settings: {step},
      states,
      theme,
      pointed,
    } = live,
    marked = new Set(states.nodes[pointed] ?? []);
  for (let node = 1; node < states.parent.length; node++) {
    const done = states.tickOf[node] <= step,
      color = marked.has(node) ? theme.ink : theme.line;
    panel.path(edgeTo(node, states, grid), {
      color,
      width: marked.has(node) ? 4 : done ? 1.8 : 1,
      dash: done || marked.has(node) ? [] : [3, 3],
    });
  }
}

function drawNodes(live, grid) {
  const {
      panels: {tree: panel},
      settings: {step, order},
      states,
      theme,
      phase,
    } = live,
    {letter, tickOf, lane, letters: count} = states;
  const ends = new Map(states.end.map((node, row) => [node, states.checkpoints[row]])),
    own = theme[order] ?? theme.other;
  panel.text(grid.x(0), grid.y(0), "θ₀", {align: "center", bold: true, size: 15});
  for (let node = 1; node < letter.length; node++) {
    const done = tickOf[node] < step + (phase >= 1 ? 1 : 0),
      [x, y] = [grid.x(tickOf[node]), grid.y(lane[node])];
    drawChip(panel, x, y, letter[node], {
      count,
      size: grid.size,
      number: grid.size >= 15,
      square: ends.has(node),
      look: done ? "done" : "due",
      ring: ends.has(node) ? own : null,
    });
    if (ends.has(node)) labelEnd(panel, grid, states, node, ends.get(node), own);
  }
}

/** The step of a checkpoint: behind its chain if that ends here, else below it, where there is room. */
function labelEnd(panel, grid, {children, tickOf, lane, launches}, node, n, color) {
  const [x, y] = [grid.x(tickOf[node]), grid.y(lane[node])],
    style = {color, size: 12, bold: true};
  if (!children[node].length && (grid.wide > 30 || tickOf[node] === launches))
    panel.text(x + grid.size / 2 + 5, y, grid.tall < 16 ? `${n}` : `n=${n}`, style);
  else if (grid.tall >= 36 && grid.wide > 30)
    panel.text(x, y + grid.size / 2 + 8, `n=${n}`, {...style, align: "center"});
}

/** The states of the tick that is going on, on their way. */
function drawRiders(live, grid) {
  const {
      panels: {tree: panel},
      settings: {step},
      states,
      theme,
      phase,
    } = live,
    tick = states.ticks[step - 1];
  if (!tick || phase >= 1) return;
  const {letters: count} = states,
    ease = phase * phase * (3 - 2 * phase);
  for (const node of tick.nodes) {
    const [x, y] = along(edgeTo(node, states, grid), ease);
    drawChip(panel, x, y, tick.letter, {count, size: grid.size + 3, number: grid.size >= 15, ring: theme.ink});
  }
}

/** The point of a path after a share of its length. */
function along(path, share) {
  const lengths = path.slice(1).map((to, i) => Math.hypot(to[0] - path[i][0], to[1] - path[i][1]));
  let left = share * lengths.reduce((sum, each) => sum + each, 0);
  for (const [i, length] of lengths.entries()) {
    if (left <= length) return path[i].map((v, d) => v + (length ? left / length : 0) * (path[i + 1][d] - v));
    left -= length;
  }
  return path.at(-1);
}
