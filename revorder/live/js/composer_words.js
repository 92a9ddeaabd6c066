// The words of a composition order as rows of chips.

import {drawChip, inPixels} from "./letters.js";

export const LEFT = 52, HEAD = 18;
const RIGHT = 34;

/** Where the chips stand, in pixels. */
export function wordsGrid({panels: {words: panel}, settings: {steps}, states: {checkpoints}}) {
  const tall = (panel.height - HEAD - 6) / checkpoints.length,
    wide = (panel.width - LEFT - RIGHT) / steps;
  const cell = Math.min(36, wide, Math.max(tall, 17));
  return {
    tall: Math.min(tall, 40),
    cell,
    x: at => LEFT + (at + 0.5) * cell,
    y: row => HEAD + (row + 0.5) * Math.min(tall, 40),
  };
}

export function drawWords(live) {
  const {
      panels: {words: panel},
      states,
      theme,
      pointed,
    } = live,
    grid = wordsGrid(live);
  inPixels(panel, theme);
  if (pointed !== undefined && pointed !== null && states.words[pointed]) {
    panel.box(2, grid.y(pointed) - grid.tall / 2, panel.width - 2, grid.y(pointed) + grid.tall / 2, {
      fill: theme.wash,
      color: theme.wash,
    });
  }
  panel.text(panel.width - 2, HEAD - 9, "adds", {align: "right", size: 12, color: theme.muted});
  states.words.forEach((letters, row) => drawWord(live, grid, letters, row));
}

function drawWord(live, grid, letters, row) {
  const {
    panels: {words: panel},
    settings: {step},
    states: {checkpoints, paid, nodes, tickOf, letters: count},
    theme,
    drag,
    cursor,
  } = live;
  const y = grid.y(row),
    size = Math.min(grid.cell, grid.tall) - 2,
    look = at => {
      if (!paid[row][at]) return "free";
      return tickOf[nodes[row][at]] <= step ? "done" : "due";
    };
  panel.text(LEFT - 6, y, `n = ${checkpoints[row]}`, {
    align: "right",
    size: grid.tall < 16 ? 12 : 12.5,
    color: theme.muted,
    halo: false,
  });
  letters.forEach((letter, at) => {
    const held = drag?.row === row && drag.at === at,
      chosen = live.choosing && cursor?.row === row && cursor.at === at;
    if (!held) drawChip(panel, grid.x(at), y, letter, {count, size, look: look(at), ring: chosen ? theme.ink : null});
  });
  if (drag?.row === row) drawChip(panel, drag.px, y, letters[drag.at], {count, size: size + 4, ring: theme.ink});
  const adds = paid[row].filter(Boolean).length;
  panel.text(panel.width - 2, y, adds ? `+${adds}` : "0", {align: "right", size: 12.5, bold: true, halo: false});
}
