// The chips of the composer's words, dragged within their row by mouse or finger, or moved by keys.

import {makeSvg} from "./basics.js";
import {allWords} from "./composer_states.js";
import {LEFT, HEAD, wordsGrid} from "./composer_words.js";
import {clamp} from "./handles.js";

/** The words after the letter of row has gone from one place to another: an order of one's own. */
function rearranged(live, row, from, to) {
  const n = live.states.checkpoints[row],
    words = allWords(live.settings),
    moved = words[n - 1].splice(from, 1);
  words[n - 1].splice(to, 0, ...moved);
  return {order: "own", words};
}

const KEYS = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};

/** All chips as one thing that takes the focus: arrow keys choose a chip, with the shift key they move it. */
export class Letters {
  constructor(live) {
    Object.assign(this, {live, panel: live.panels.words});
    const element = (this.element = makeSvg("rect", {
      class: "live-press",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "words to rearrange",
      style: "fill-opacity: 0; cursor: grab; touch-action: pan-y",
    }));
    this.hint = makeSvg("text", {class: "live-hint"}, "drag a chip");
    this.panel.svg.append(element, this.hint);
    this.listen({
      pointerdown: e => this.take(e),
      pointermove: e => this.point(e),
      pointerleave: () => this.show(null),
      keydown: e => this.key(e),
    });
    this.listen({focus: () => this.choose(element.matches(":focus-visible")), blur: () => this.choose(false)});
  }

  listen(listeners) {
    for (const [name, heard] of Object.entries(listeners)) this.element.addEventListener(name, heard);
  }

  /** The chip under the pointer: its row, its place in the word, and how far the pointer is to the right. */
  found(event) {
    const box = this.panel.svg.getBoundingClientRect(),
      {live} = this,
      grid = wordsGrid(live),
      px = event.clientX - box.left;
    const row = Math.floor((event.clientY - box.top - HEAD) / grid.tall),
      at = Math.floor((px - LEFT) / grid.cell);
    return {row, at, px, inside: at >= 0 && at < (live.states.words[row]?.length ?? 0)};
  }

  point(event) {
    if (this.live.drag) return;
    const {row, inside} = this.found(event);
    this.element.style.cursor = inside ? "grab" : "default";
    this.show(row);
  }

  /** Mark a word, and its way through the tree. */
  show(row) {
    this.live.pointed = row;
    this.live.touch();
  }

  take(event) {
    const {row, at, px, inside} = this.found(event),
      {element, live} = this,
      grid = wordsGrid(live);
    if (!inside) return;
    const off = grid.x(at) - px,
      end = () => {
        element.removeEventListener("pointermove", move);
        element.classList.remove("live-held");
        live.drag = null;
        live.settle();
      };
    const move = moved => this.drag(moved, off);
    live.drag = {row, at, px: grid.x(at)};
    this.show(row);
    element.setPointerCapture(event.pointerId);
    element.classList.add("live-held");
    element.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, end, {once: true});
  }

  drag(event, off) {
    const {live} = this,
      {drag} = live,
      grid = wordsGrid(live),
      last = live.states.words[drag.row].length - 1;
    drag.px = clamp(this.found(event).px + off, grid.x(0), grid.x(last));
    this.move(drag.row, drag.at, clamp(Math.round((drag.px - LEFT) / grid.cell - 0.5), 0, last));
    live.touch();
  }

  move(row, from, to) {
    if (from === to) return;
    this.hint.remove();
    this.live.set(rearranged(this.live, row, from, to));
    if (this.live.drag) this.live.drag.at = to;
    this.live.cursor = {row, at: to};
  }

  choose(on) {
    this.live.choosing = on;
    this.live.touch();
  }

  key(event) {
    const way = KEYS[event.key],
      {live} = this,
      {words} = live.states;
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const row = clamp(live.cursor?.row ?? 0, 0, words.length - 1),
      at = clamp(live.cursor?.at ?? 0, 0, words[row].length - 1);
    if (event.shiftKey) this.move(row, at, clamp(at + way[1], 0, words[row].length - 1));
    else {
      const to = clamp(row + way[0], 0, words.length - 1);
      live.cursor = {row: to, at: clamp(at + way[1], 0, words[to].length - 1)};
    }
    this.choose(true);
    live.settle();
  }

  place() {
    const {live, panel, element, hint} = this,
      {words, checkpoints} = live.states,
      row = clamp(live.cursor?.row ?? 0, 0, words.length - 1);
    for (const [name, value] of Object.entries({x: 1, y: 1, width: panel.width - 2, height: panel.height - 2, rx: 6}))
      element.setAttribute(name, value);
    const at = clamp(live.cursor?.at ?? 0, 0, words[row].length - 1),
      n = checkpoints[row];
    element.setAttribute(
      "aria-label",
      `Words of chips. Arrow keys choose a chip, shift and arrow keys move it. Chosen: batch ${words[row][at]}, ` +
        `place ${at + 1} of ${n} in the word of step ${n}: ${words[row].join(" ")}`,
    );
    const grid = wordsGrid(live),
      short = Math.min(1, words.length - 1);
    hint.setAttribute("x", grid.x(words[short].length - 1) + grid.cell * 0.8);
    hint.setAttribute("y", grid.y(short) + 4);
  }
}
