// Points that can be taken in hand: dragged by mouse or finger, moved by arrow keys.

import {makeSvg} from "./basics.js";

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1]};

export class Handle {
  /** spec: panel (its name), label, at(live) -> [x, y], move(live, [x, y]) -> settings to change, and if need be
   *  axis ("x" or "y": only along it), keyStep (data units of an arrow key; 1/100 of the panel), color (theme's name),
   *  say(live) -> text, when(live) -> whether it can be moved now, hint (a word beside it until it was used). */
  constructor(spec, live) {
    Object.assign(this, {spec, live, panel: live.panels[spec.panel]});
    const roles = {tabindex: "0", role: "slider", "aria-label": spec.label, "aria-roledescription": "point to drag"};
    this.element = makeSvg("g", {class: "live-handle", ...roles}, makeSvg("circle", {r: 22, class: "live-reach"}),
      makeSvg("circle", {r: 8, class: "live-knob"}));
    if (spec.hint) this.element.append(hint(spec.hint));
    this.element.addEventListener("pointerdown", event => this.#take(event));
    this.element.addEventListener("keydown", event => this.#key(event));
    this.panel.svg.append(this.element);
  }

  /** Put it where its state is. */
  place() {
    const {spec, live, panel, element} = this, [x, y] = spec.at(live);
    const [px, py] = [panel.X(x), panel.Y(y)];
    element.style.display = Number.isFinite(px) && Number.isFinite(py) && (spec.when?.(live) ?? true) ? "" : "none";
    if (element.style.display) return;
    element.setAttribute("transform", `translate(${px.toFixed(2)} ${py.toFixed(2)})`);
    element.style.setProperty("--knob", live.theme[spec.color ?? "ink"]);
    const main = spec.axis === "y" ? y : x, range = spec.axis === "y" ? panel.y : panel.x;
    element.setAttribute("aria-valuemin", range[0]);
    element.setAttribute("aria-valuemax", range[1]);
    element.setAttribute("aria-valuenow", Number(main.toPrecision(6)));
    element.setAttribute("aria-valuetext", spec.say?.(live) ?? (spec.axis ? `${Number(main.toPrecision(3))}`
      : `${Number(x.toPrecision(3))}, ${Number(y.toPrecision(3))}`));
  }

  #take(event) {
    if (event.button !== 0 || this.element.classList.contains("live-held")) return;
    const {element, live, panel} = this, [x, y] = this.spec.at(live), box = panel.svg.getBoundingClientRect();
    const off = [panel.X(x) - (event.clientX - box.left), panel.Y(y) - (event.clientY - box.top)];
    const move = moved => {
      const at = panel.svg.getBoundingClientRect();
      this.#put(panel.at(moved.clientX - at.left + off[0], moved.clientY - at.top + off[1]));
    };
    const end = () => {
      element.removeEventListener("pointermove", move);
      element.classList.remove("live-held");
      live.settle();
    };
    event.preventDefault();
    element.focus({preventScroll: true});
    element.setPointerCapture(event.pointerId);
    element.classList.add("live-held");
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end, {once: true});
    element.addEventListener("pointercancel", end, {once: true});
  }

  #key(event) {
    const way = ARROWS[event.key], {spec, panel, live} = this;
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [x, y] = spec.at(live), wide = panel.x[1] - panel.x[0], tall = panel.y[1] - panel.y[0];
    const once = event.shiftKey ? 5 : 1, along = spec.axis === "y" ? 1 : 0;
    const turn = spec.axis ? way[0] + way[1] : 0;
    const dx = spec.axis ? (along === 0 ? turn : 0) : way[0], dy = spec.axis ? (along === 1 ? turn : 0) : way[1];
    const before = JSON.stringify(live.settings);
    for (let times = once; times <= 32 * once; times *= 2) { // farther, where the setting snaps to a grid
      const ratio = panel.spec.logY ? (panel.y[1] / panel.y[0]) ** (dy * times / 100) : 1;
      const up = panel.spec.logY ? y * ratio : y + dy * times * (spec.keyStep ?? tall / 100);
      this.#put([x + dx * times * (spec.keyStep ?? wide / 100), up]);
      if (JSON.stringify(live.settings) !== before) break;
    }
    live.settle();
  }

  #put([x, y]) {
    this.element.querySelector("text")?.remove();
    const {spec, live} = this, [x0, y0] = spec.at(live);
    live.set(spec.move(live, [spec.axis === "y" ? x0 : x, spec.axis === "x" ? y0 : y]));
  }
}

function hint(word) {
  return makeSvg("text", {x: "15", y: "-11", class: "live-hint", "aria-hidden": "true"}, word);
}

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
