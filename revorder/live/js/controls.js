// Controls beside the plot, made of the browser's own inputs: keys and screen readers know them.
// Each function describes one; `build` makes it. `name` is the setting that it changes.

import {make, short} from "./basics.js";

/** A number between min and max. log: the slider moves the logarithm. text(value): what stands beside it. */
export function slider(name, label, min, max, step, options = {}) {
  return {kind: "slider", name, label, min, max, step, ...options};
}

/** One of a few values: options are [value, text]. changes(live, value) -> other settings that change with it. */
export function choice(name, label, options, more = {}) {
  return {kind: "choice", name, label, options, ...more};
}

/** Yes or no. */
export function check(name, label, more = {}) {
  return {kind: "check", name, label, ...more};
}

/** A button. press(live) -> settings to change. */
export function button(label, press, more = {}) {
  return {kind: "button", label, press, ...more};
}

/** New tosses: the next seed. */
export function again(label = "Toss again", name = "seed") {
  return button(label, live => ({[name]: live.settings[name] + 1}), {again: true});
}

/** Buttons of which one can be pressed once: `name` becomes its number, and the right one is marked. */
export function commitment(name, options, answer) {
  return {kind: "commitment", name, options, answer};
}

/** One that a figure builds itself: build(control, live) -> {element, update}. */
export function custom(name, label, build, more = {}) {
  return {kind: "custom", name, label, build, ...more};
}

let made = 0;

export function build(control, live) {
  const built = {slider: buildSlider, choice: buildChoice, check: buildCheck, button: buildButton, commitment: buildCommitment, custom: control.build}[control.kind](control, live);
  return {
    element: built.element,
    update() {
      built.update?.();
      built.element.hidden = control.when ? !control.when(live) : false;
    },
  };
}

function buildSlider(control, live) {
  const {name, label, log} = control, inner = log ? Math.log10 : v => v, outer = log ? v => 10 ** v : v => v;
  const input = make("input", {type: "range", min: String(inner(control.min)), max: String(inner(control.max)),
    step: String(log ? 0.01 : control.step), "aria-label": label});
  const value = make("span", {class: "live-value", "aria-hidden": "true"});
  input.addEventListener("input", () => {
    const raw = outer(Number(input.value));
    live.set({[name]: log ? Number(raw.toPrecision(3)) : Number(raw.toPrecision(12))});
  });
  input.addEventListener("change", () => live.settle());
  return {
    element: make("label", {class: "live-control"}, make("span", {"aria-hidden": "true"}, label), input, value),
    update() {
      const now = live.settings[name], text = control.text?.(now) ?? short(now);
      if (typeof control.top === "function") input.max = String(inner(control.top(live)));
      if (outer(Number(input.value)) !== now) input.value = String(inner(now));
      input.setAttribute("aria-valuetext", text);
      if (value.textContent !== text) value.textContent = text;
    },
  };
}

function buildChoice(control, live) {
  return control.options.length > 4 ? buildSelect(control, live) : buildSegments(control, live);
}

function buildSelect({name, label, options, changes}, live) {
  const select = make("select", {"aria-label": label}, ...options.map(([value, text]) => make("option", {value: String(value)}, text)));
  select.addEventListener("change", () => {
    const value = options[select.selectedIndex][0];
    live.set({...changes?.(live, value), [name]: value});
    live.settle();
  });
  return {
    element: make("label", {class: "live-control"}, make("span", {"aria-hidden": "true"}, label), select),
    update() { select.selectedIndex = options.findIndex(([value]) => value === live.settings[name]); },
  };
}

function buildSegments({name, label, options}, live) {
  const group = `live-${name}-${made++}`, radios = options.map(([value, text], i) => {
    const radio = make("input", {type: "radio", name: group, id: `${group}-${i}`});
    radio.addEventListener("change", () => {
      live.set({[name]: value});
      live.settle();
    });
    return [radio, make("label", {for: `${group}-${i}`}, text)];
  });
  const segments = make("div", {class: "live-segments"}, ...radios.flat());
  return {
    element: make("fieldset", {class: "live-control"}, make("legend", {}, label), segments),
    update() { radios.forEach(([radio], i) => { radio.checked = options[i][0] === live.settings[name]; }); },
  };
}

function buildCheck({name, label}, live) {
  const input = make("input", {type: "checkbox"});
  input.addEventListener("change", () => {
    live.set({[name]: input.checked});
    live.settle();
  });
  return {
    element: make("label", {class: "live-control live-check"}, input, make("span", {}, label)),
    update() { input.checked = Boolean(live.settings[name]); },
  };
}

function buildButton({label, press, enabled}, live) {
  const element = make("button", {type: "button", class: "live-button"}, label);
  element.addEventListener("click", () => {
    live.set(press(live) ?? {});
    live.settle();
  });
  return {element, update() { if (enabled) element.disabled = !enabled(live); }};
}

function buildCommitment({name, options, answer}, live) {
  const buttons = options.map((option, i) => {
    const text = make("span");
    text.innerHTML = option;
    const element = make("button", {type: "button", class: "live-button live-option"}, make("span", {class: "live-mark", "aria-hidden": "true"}), text);
    element.addEventListener("click", () => {
      if (live.settings[name] >= 0) return;
      live.set({[name]: i});
      live.settle();
    });
    return element;
  });
  return {
    element: make("div", {class: "live-options", role: "group", "aria-label": "Your prediction"}, ...buttons),
    update() {
      const chosen = live.settings[name];
      buttons.forEach((element, i) => {
        element.setAttribute("aria-disabled", String(chosen >= 0));
        element.setAttribute("aria-pressed", String(i === chosen));
        element.classList.toggle("live-right", chosen >= 0 && i === answer);
        element.classList.toggle("live-wrong", chosen === i && i !== answer);
      });
    },
  };
}
