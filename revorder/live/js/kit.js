// What all live figures share: a figure is described by an object, and this brings it to life in a page.

import {build} from "./controls.js";
import {grip} from "./grips.js";
import {make} from "./basics.js";
import {Panel} from "./panel.js";
import {Player} from "./player.js";
import {DARK, isDark, LIGHT, wantsLessMotion, watchTheme} from "./theme.js";

const SAVE_EVERY = 250, SAY_EVERY = 1200, READ_EVERY = 120; // milliseconds

/** A figure as anywidget wants it.
 *
 *  spec: label (what it is, for screen readers), settings (names of the traits that it reads), states(settings) -> all
 *  numbers that it draws, panels, draw(live), title(live) -> its message now; and if need be read(live) -> a line of
 *  numbers (HTML), play, controls (a list, or settings -> a list), handles, goals ({text, reached(live)}), fresh
 *  (settings that put step back to 0). */
export function figure(spec) {
  return {
    render({model, el}) {
      const live = new Live(spec, model);
      el.append(live.root);
      live.open();
      return () => live.close();
    },
  };
}

class Live {
  constructor(spec, model) {
    Object.assign(this, {spec, model, frames: 0, read: 0, said: 0});
    this.names = [...spec.settings, ...(spec.play ? ["step"] : [])];
    this.settings = Object.fromEntries(this.names.map(name => [name, model.get(name)]));
    this.goals = (spec.goals ?? []).map((goal, i) => ({...goal, reached: (model.get("reached") ?? []).includes(String(i + 1)),
      test: goal.reached, item: make("li", {}, make("span", {class: "live-mark", "aria-hidden": "true"}), goal.text)}));
    this.panels = Object.fromEntries(spec.panels.map(panel => [panel.name, new Panel(panel)]));
    this.#assemble();
  }

  #assemble() {
    const {spec} = this;
    this.title = make("div", {class: "live-title"});
    this.line = make("div", {class: "live-read"});
    this.status = make("div", {class: "live-status", role: "status"});
    this.player = spec.play ? new Player(spec.play, this) : null;
    const controls = typeof spec.controls === "function" ? spec.controls(this.settings) : spec.controls ?? [];
    this.controls = controls.map(control => build(control, this));
    const stages = make("div", {class: "live-panels", hidden: !spec.panels.length}, ...Object.values(this.panels).map(panel => panel.element));
    this.handles = (spec.handles ?? []).map(handle => grip(handle, this));
    this.root = make("div", {class: "revorder-live live-on", role: "group", "aria-label": spec.label}, this.title, stages);
    if (this.player) this.root.append(this.player.element);
    if (this.controls.length) this.root.append(make("div", {class: "live-controls"}, ...this.controls.map(c => c.element)));
    this.root.append(this.line);
    if (this.goals.length) this.root.append(make("ul", {class: "live-goals", "aria-label": "Goals"}, ...this.goals.map(g => g.item)));
    this.root.append(this.status);
    this.root.live = this;
  }

  open() {
    const touch = () => this.touch();
    this.root.addEventListener("keydown", event => keepKeys(event));
    if (this.player) this.settings.step = Math.min(this.settings.step, this.player.last);
    this.sizes = new ResizeObserver(touch);
    Object.values(this.panels).forEach(panel => this.sizes.observe(panel.stage));
    this.visible = true;
    this.sight = new IntersectionObserver(([entry]) => {
      this.visible = entry.isIntersecting;
      if (this.player) this.player.before = null;
      if (this.visible) this.#begin();
    });
    this.sight.observe(this.root);
    this.#dress();
    this.endTheme = watchTheme(() => {
      this.#dress(); // also out of sight, where nothing is drawn
      this.touch();
    });
    this.listeners = this.names.map(name => [`change:${name}`, () => this.#heard(name)]);
    this.listeners.forEach(([event, heard]) => this.model.on(event, heard));
    this.touch();
  }

  /** When it is first seen, a figure that plays by itself does so once; and not where less motion is wanted. */
  #begin() {
    const first = !this.begun && this.spec.play?.autoplay && this.settings.step === 0 && !wantsLessMotion();
    this.begun = true;
    if (first) this.player.start();
    this.touch();
  }

  close() {
    this.sizes.disconnect();
    this.sight.disconnect();
    this.endTheme();
    clearTimeout(this.saving);
    clearTimeout(this.talking);
    cancelAnimationFrame(this.waiting);
    this.listeners.forEach(([event, heard]) => this.model.off(event, heard));
    this.root.remove();
  }

  /** Python, or another view of the same figure, has changed a setting. */
  #heard(name) {
    const value = this.model.get(name);
    if (JSON.stringify(value) !== JSON.stringify(this.settings[name])) this.set({[name]: value});
  }

  /** Change settings: states are computed anew, unless only the step has changed. */
  set(changes) {
    const changed = Object.keys(changes).filter(name => JSON.stringify(changes[name]) !== JSON.stringify(this.settings[name]));
    if (!changed.length) return;
    const stays = this.spec.play?.stay && this.settings.step === this.player.last;
    Object.assign(this.settings, changes);
    if (changed.some(name => (this.spec.fresh ?? []).includes(name)) && this.player) this.settings.step = 0;
    if (changed.some(name => name !== "step")) this.computed = null;
    if (this.player) this.settings.step = Math.min(stays && !changed.includes("step") ? Infinity : this.settings.step, this.player.last);
    this.touch();
    this.saveSoon();
  }

  /** What the figure draws: computed when it is first asked for after a change. */
  get states() { return this.computed ??= this.spec.states(this.settings); }

  #dress() {
    const dark = isDark();
    this.root.classList.toggle("live-dark", dark);
    this.theme = dark ? DARK : LIGHT;
  }

  /** Draw in the next frame. */
  touch() {
    this.waiting ??= requestAnimationFrame(now => {
      this.waiting = undefined;
      this.#frame(now);
    });
  }

  #frame(now) {
    if (!this.root.isConnected || !this.visible) return;
    if (this.player?.running) {
      this.player.advance(now, wantsLessMotion());
      if (this.player.running) this.touch();
    }
    if (!Object.values(this.panels).map(panel => panel.resize()).every(Boolean)) return;
    this.spec.draw?.(this);
    this.handles.forEach(handle => handle.place());
    this.player?.update();
    this.controls.forEach(control => control.update());
    this.#tell(now);
    this.born ??= performance.now();
    this.frames += 1;
    this.root.dataset.drawn = String(this.frames);
  }

  /** How far the move from the last step to this one is shown: 1 unless it is playing. */
  get phase() { return this.player?.running && !wantsLessMotion() ? this.player.phase : 1; }

  #tell(now) {
    const busy = this.player?.running || this.root.querySelector(".live-held");
    if (busy && now - this.read < READ_EVERY) {
      this.touch();
      return;
    }
    this.read = now;
    put(this.title, this.spec.title(this));
    if (this.spec.read) put(this.line, this.spec.read(this));
    this.#reach();
    if (!busy) this.#say(now);
  }

  #reach() {
    const news = this.goals.filter(goal => !goal.reached && goal.test(this));
    for (const goal of this.goals) goal.item.classList.toggle("live-reached", (goal.reached ||= news.includes(goal)));
    if (!news.length) return;
    this.model.set("reached", this.goals.map((g, i) => g.reached ? String(i + 1) : "").filter(Boolean));
    this.said = -Infinity;
    this.praise = `Goal reached: ${news.map(goal => goal.text).join(" ")} `;
    this.saveSoon();
  }

  /** What has changed, read aloud: at most once in SAY_EVERY. */
  #say(now) {
    const news = `${this.title.textContent} ${this.line.textContent}`.replace(/\s+/g, " ").trim();
    if (!this.praise && news === this.told) return;
    if (now - this.said < SAY_EVERY) {
      clearTimeout(this.talking);
      this.talking = setTimeout(() => this.touch(), SAY_EVERY);
      return;
    }
    this.status.textContent = `${this.praise ?? ""}${news}`;
    Object.assign(this, {said: now, told: news, praise: undefined});
  }

  /** Tell Python, at most four times a second. */
  saveSoon() {
    this.saving ??= setTimeout(() => this.settle(), SAVE_EVERY);
  }

  /** Tell Python now: at a pause, a step, the end of a drag. */
  settle() {
    clearTimeout(this.saving);
    this.saving = undefined;
    this.names.forEach(name => this.model.set(name, this.settings[name]));
    this.model.save_changes();
    this.touch();
  }
}

/** JupyterLab takes keys for its cells: those meant for the figure end here. */
function keepKeys(event) {
  const theirs = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" || (event.shiftKey && event.key === "Enter");
  if (!theirs) event.stopPropagation();
}

function put(element, html) {
  if (element.dataset.html === html) return;
  element.dataset.html = html;
  element.innerHTML = html;
}
