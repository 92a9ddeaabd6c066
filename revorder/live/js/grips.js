// What in a plot answers a pointer or a key: points to drag, areas to press, panels that follow the pointer.

import {makeSvg} from "./basics.js";
import {Handle} from "./handles.js";

/** The kind that its description asks for: `press` makes an area, `hover` follows the pointer, make(live) builds one of
 *  the figure's own, with a method `place`; others are dragged. */
export function grip(spec, live) {
  if (spec.make) return spec.make(live);
  return spec.press ? new Press(spec, live) : spec.hover ? new Hover(spec, live) : new Handle(spec, live);
}

/** An area that is a button. spec: panel, label(live), area(live) -> [x1, y1, x2, y2] in data coordinates,
 *  press(live) -> settings to change, and if need be on(live) -> whether it is pressed in, when(live), quiet (only
 *  for pointers). */
class Press {
  constructor(spec, live) {
    Object.assign(this, {spec, live, panel: live.panels[spec.panel]});
    const roles = spec.quiet ? {"aria-hidden": "true"} : {tabindex: "0", role: "button"};
    this.element = makeSvg("rect", {class: "live-press", rx: 6, ...roles});
    this.element.addEventListener("click", () => this.#press());
    this.element.addEventListener("keydown", event => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.#press();
    });
    this.panel.svg.append(this.element);
  }

  #press() {
    this.live.set(this.spec.press(this.live));
    this.live.settle();
  }

  place() {
    const {spec, live, panel, element} = this,
      [x1, y1, x2, y2] = spec.area(live);
    element.style.display = (spec.when?.(live) ?? true) ? "" : "none";
    const place = {
      x: Math.min(panel.X(x1), panel.X(x2)),
      y: Math.min(panel.Y(y1), panel.Y(y2)),
      width: Math.abs(panel.X(x2) - panel.X(x1)),
      height: Math.abs(panel.Y(y2) - panel.Y(y1)),
    };
    for (const [name, value] of Object.entries(place)) element.setAttribute(name, value.toFixed(2));
    if (spec.quiet) return;
    element.setAttribute("aria-label", spec.label(live));
    if (spec.on) element.setAttribute("aria-pressed", String(spec.on(live)));
  }
}

/** A panel that follows the pointer. spec: panel, hover(live, [x, y], held) -> settings to change, or nothing; held:
 *  whether a button or finger is down. When the pointer leaves, it is called without a point. */
class Hover {
  constructor(spec, live) {
    const panel = live.panels[spec.panel],
      {stage} = panel;
    const tell = (point, held) => live.set(spec.hover(live, point, held) ?? {});
    for (const name of ["pointermove", "pointerdown"]) {
      stage.addEventListener(name, event => {
        const box = stage.getBoundingClientRect();
        tell(panel.at(event.clientX - box.left, event.clientY - box.top), event.buttons > 0);
      });
    }
    stage.addEventListener("pointerleave", () => tell(null, false));
  }

  place() {}
}
