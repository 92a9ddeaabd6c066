// The opening figure: two parameters of a linear regression, forward and backward on the same batches.

import {slider} from "./controls.js";
import {short} from "./basics.js";
import {heroStates, lastMoves} from "./hero_states.js";
import {figure} from "./kit.js";

const WIDE = [-0.45, 1.05], TALL = [-0.35, 1.05], CALM = 0.01, FAR = 3, LITTLE = 0.03, TAIL = 14;

/** The level lines of the loss over all examples: ellipses around the best point. */
function contours(panel, {best, hessian: [p, q, r]}, theme) {
  const angle = 0.5 * Math.atan2(2 * q, p - r), mean = (p + r) / 2, half = Math.hypot((p - r) / 2, q);
  for (const level of [1.9, 1.4, 1, 0.7, 0.45, 0.25, 0.1]) {
    const line = Array.from({length: 73}, (_, i) => {
      const t = i / 72 * 2 * Math.PI, [u, v] = [level * Math.cos(t) / Math.sqrt(mean + half), level * Math.sin(t) / Math.sqrt(mean - half)];
      return [best[0] + u * Math.cos(angle) - v * Math.sin(angle), best[1] + u * Math.sin(angle) + v * Math.cos(angle)];
    });
    panel.path(line, {width: 0, fill: theme.line, alpha: 0.07}); // one above the other: darker towards the minimum
    panel.path(line, {color: theme.line, width: 0.8, alpha: 0.45});
  }
}

function at(path, step, phase) {
  const from = path[Math.max(0, step - 1)], to = path[step];
  return to.map((v, k) => from[k] + phase * (v - from[k]));
}

function drawPlane(live) {
  const {panels: {plane}, settings, settings: {step, best}, states, theme} = live;
  plane.begin(theme);
  plane.clipped(() => {
    contours(plane, settings, theme);
    plane.path([[best[0] - 0.025, best[1]], [best[0] + 0.025, best[1]]], {width: 2});
    plane.path([[best[0], best[1] - 0.025], [best[0], best[1] + 0.025]], {width: 2});
    for (const order of ["forward", "backward"]) {
      const head = at(states[order], step, live.phase);
      plane.path([...states[order].slice(Math.max(0, step - TAIL), step), head], {color: theme[order], width: 1.3, alpha: 0.75});
      plane.dot(...head, {color: theme[order], size: 8, shape: order === "forward" ? "circle" : "square"});
    }
  });
}

function drawTime(live) {
  const {panels: {time}, settings: {step}, states, theme} = live;
  time.begin(theme);
  time.clipped(() => {
    for (const [order, dash] of [["forward", []], ["backward", [7, 3]]]) {
      const head = at(states[order], step, live.phase)[0], now = step - 1 + live.phase;
      const points = states[order].slice(0, Math.max(step, 1)).map((state, n) => [n, state[0]]);
      time.path([...points, [now, head]], {color: theme[order], width: 2, dash});
      time.dot(now, head, {color: theme[order], size: 5, shape: order === "forward" ? "circle" : "square"});
    }
  });
}

function calm(live, order) {
  return lastMoves(live.states[order], live.settings.step) < CALM;
}

/** Whether backward moves little, and later batches can no longer move it far: at a small rate each move is little. */
function settled(live) {
  const {settings: {step}, states} = live, size = Math.max(1, Math.hypot(...states.backward[step]));
  return calm(live, "backward") && states.kept[step] * size < LITTLE;
}

export default figure({
  label: "Two parameters of a linear regression along SGD, forward and backward",
  settings: ["lr", "start", "maps", "best", "hessian"],
  states: heroStates,
  play: {length: ({settings}) => settings.maps.length, rate: () => 14, autoplay: true, text: ({settings: {step}}) => `${step} ${step === 1 ? "batch" : "batches"}`},
  panels: [
    {name: "plane", title: "Both parameters; + is the least-squares solution", x: WIDE, y: TALL, xlabel: "θ₁", ylabel: "θ₂", height: 300},
    {name: "time", title: "The first one, batch after batch", x: [0, 120], y: WIDE, xlabel: "step n (batches)", ylabel: "θ₁", height: 300, grow: 1.3},
  ],
  handles: [{panel: "plane", label: "start", hint: "drag me", at: ({settings}) => settings.start, say: ({settings}) => `start at ${settings.start.map(v => short(v, 2)).join(", ")}`,
    move: (live, [x, y]) => ({start: [Math.min(1, Math.max(-0.4, x)), Math.min(1, Math.max(-0.3, y))]})}],
  controls: [slider("lr", "learning rate h", 0.02, 1.8, 0.01)],
  draw(live) {
    drawPlane(live);
    drawTime(live);
  },
  title(live) {
    if (live.settings.step < 10) return "The same batches, the same start, two orders: press play, drag the start";
    const {settings: {step}, states} = live, away = Math.hypot(...states.backward[step]) > FAR;
    if (states.kept[step] > FAR) return "So far these maps stretch more than they shrink: neither order settles";
    const forward = `<span class="f">Forward ${calm(live, "forward") ? "moves little just now" : "jitters"}</span>`;
    return `${forward}, <span class="b">backward ${settled(live) ? "has settled" : "is not there yet"}${away ? ", outside the picture" : ""}</span>`;
  },
  read({settings: {step}, states}) {
    const [f, b] = ["forward", "backward"].map(order => lastMoves(states[order], step));
    return step < 10 ? "" : `Largest of the last ten moves: <span class="f">forward ${short(f, 2)}</span>, <span class="b">backward ${short(b, 2)}</span>`;
  },
  goals: [
    {text: "Drag the start far away: does backward still settle, and where?", reached: live => Math.hypot(...live.settings.start) > 0.5 && settled(live)},
    {text: "Find a learning rate at which backward does not settle within 120 batches.", reached: live => live.settings.step === 120 && !settled(live)},
  ],
});
