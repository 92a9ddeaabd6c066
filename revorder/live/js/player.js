// The play bar: step back, play or pause, one step, to the start, and a slider over all steps.

import {make, makeSvg} from "./basics.js";

const ICONS = {
  start: "M4 3v10M13 3 6 8l7 5z", back: "M11 3 4 8l7 5z", play: "M4 2.5 13 8l-9 5.5z", pause: "M4.5 3v10M10.5 3v10",
  next: "M5 3l7 5-7 5z",
};

function icon(name) {
  return makeSvg("svg", {viewBox: "0 0 16 16", "aria-hidden": "true"}, makeSvg("path", {d: ICONS[name]}));
}

export class Player {
  /** play: length(live) -> the last step; rate(live) -> steps per second; unit: what a step is called; stay: who has seen
   *  the last step sees the last one also after other settings have changed. */
  constructor(play, live) {
    Object.assign(this, {play, live, phase: 1, running: false});
    this.toggle = this.#button("Play", "play", () => this.running ? this.pause() : this.start());
    this.toggle.classList.add("live-play");
    this.slider = make("input", {type: "range", min: "0", step: "1", "aria-label": play.unit ?? "step n"});
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.slider.addEventListener("change", () => live.settle());
    this.value = make("span", {class: "live-value", "aria-hidden": "true"});
    this.element = make("div", {class: "live-player", role: "group", "aria-label": "Play bar"},
      this.#button("To the start", "start", () => this.jump(-Infinity)), this.#button("One step back", "back", () => this.jump(-1)),
      this.toggle, this.#button("One step", "next", () => this.jump(1)), this.slider, this.value);
  }

  #button(label, name, press) {
    const element = make("button", {type: "button", class: "live-icon", "aria-label": label, title: label}, icon(name));
    element.addEventListener("click", press);
    return element;
  }

  get last() { return this.play.length(this.live); }

  start() {
    if (this.live.settings.step >= this.last) this.go(0);
    Object.assign(this, {running: true, phase: 0, before: null});
    this.#show();
    this.live.touch();
  }

  pause() {
    Object.assign(this, {running: false, phase: 1});
    this.#show();
    this.live.settle();
    this.live.touch();
  }

  /** To a step, without saying so to Python yet. */
  go(step) {
    this.phase = 1;
    this.live.set({step: Math.max(0, Math.min(this.last, Math.round(step)))});
  }

  jump(by) {
    if (this.running) this.pause();
    this.go(this.live.settings.step + by);
    this.live.settle();
  }

  /** Go on by the time since the last frame. With less motion nothing glides: whole steps only. */
  advance(now, lessMotion) {
    const gone = this.before === null ? 0 : Math.min(0.1, (now - this.before) / 1000), rate = this.play.rate?.(this.live) ?? 2;
    this.before = now;
    this.phase += gone * (lessMotion ? Math.min(rate, 2) : rate);
    const whole = Math.floor(this.phase), {settings} = this.live;
    if (whole > 0) {
      this.phase -= whole;
      settings.step = Math.min(this.last, settings.step + whole);
      this.live.saveSoon();
    }
    if (settings.step >= this.last) this.pause();
  }

  update() {
    const {step} = this.live.settings, text = this.play.text?.(this.live) ?? `${step} of ${this.last}`;
    if (this.slider.max !== String(this.last)) this.slider.max = String(this.last);
    if (Number(this.slider.value) !== step) this.slider.value = String(step);
    if (this.value.textContent !== text) this.value.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
  }

  #show() {
    this.toggle.replaceChildren(icon(this.running ? "pause" : "play"));
    for (const name of ["aria-label", "title"]) this.toggle.setAttribute(name, this.running ? "Pause" : "Play");
  }
}
