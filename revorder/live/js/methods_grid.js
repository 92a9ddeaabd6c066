// A grid of cells, rows by columns, of which one is selected: by a press, by dragging, or by arrow keys.

import {makeSvg} from "./basics.js";
import {clamp} from "./handles.js";

const GRID_KEYS = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};

/** spec: panel, label, rows(live), columns(live) -> names, at(live) -> [row, column], pick(row, column) -> settings,
 *  say(live, row, column) -> what a screen reader says of a cell. Cell (i, j) fills x in [j - ½, j + ½], y likewise. */
export class CellGrid {
  constructor(spec, live) {
    Object.assign(this, {spec, live, panel: live.panels[spec.panel]});
    this.element = makeSvg("g", {role: "grid", "aria-label": spec.label});
    this.cells = spec.rows(live).map((_, i) => spec.columns(live).map((_, j) => this.cell(i, j)));
    this.element.append(...this.cells.map(row => makeSvg("g", {role: "row"}, ...row)));
    this.panel.svg.append(this.element);
  }

  cell(i, j) {
    const element = makeSvg("rect", {class: "live-press", role: "gridcell", rx: 3});
    element.addEventListener("pointerdown", event => {
      event.preventDefault();
      element.releasePointerCapture(event.pointerId);
      this.pick(i, j);
    });
    element.addEventListener("pointerenter", event => {
      if (event.buttons > 0) this.pick(i, j);
    });
    element.addEventListener("keydown", event => this.key(event));
    return element;
  }

  pick(i, j) {
    const {live, spec} = this;
    live.set(spec.pick(live, i, j));
    live.settle();
    this.cells[i][j].focus({preventScroll: true});
  }

  key(event) {
    const way = GRID_KEYS[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [i, j] = this.spec.at(this.live);
    this.pick(clamp(i + way[0], 0, this.cells.length - 1), clamp(j + way[1], 0, this.cells[0].length - 1));
  }

  place() {
    const {spec, live, panel} = this,
      [row, column] = spec.at(live);
    this.cells.forEach((cells, i) =>
      cells.forEach((cell, j) => {
        const [x, y] = [panel.X(j - 0.5), panel.Y(i - 0.5)],
          chosen = i === row && j === column;
        const now = {x, y, width: panel.X(j + 0.5) - x, height: panel.Y(i + 0.5) - y};
        for (const [name, value] of Object.entries(now)) cell.setAttribute(name, value.toFixed(2));
        cell.setAttribute("tabindex", chosen ? "0" : "-1");
        cell.setAttribute("aria-selected", String(chosen));
        cell.setAttribute("aria-label", spec.say(live, i, j));
      }),
    );
  }
}
