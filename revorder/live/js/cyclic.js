// Batches in a cycle: their targets in the plane, both orders among them, one parameter and the distance against n.

import {short} from "./basics.js";
import {slider} from "./controls.js";
import {cyclicStates, CYCLIC_STEPS} from "./cyclic_states.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";

const CYCLE_REST = 2e-3, NEAR = 0.02, ON_BATCH = 0.05, CYCLE_TRAIL = 10;

const CYCLIC_SHAPES = {forward: "circle", backward: "square"};
const apart = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]);

function cyclicHead({settings: {step}, states, phase}, order) {
  const to = states[order][step], from = states[order][Math.max(0, step - 1)];
  return to.map((v, d) => from[d] + phase * (v - from[d]));
}

function cross(panel, [x, y], color) {
  const r = 0.022;
  panel.path([[x - r, y - r], [x + r, y + r]], {color, width: 3});
  panel.path([[x - r, y + r], [x + r, y - r]], {color, width: 3});
}

function drawCycle(live) {
  const {panels: {plane: panel}, settings: {step, batches, targets, start}, states, theme} = live;
  panel.begin(theme);
  panel.clipped(() => {
    panel.path([...targets.slice(0, batches), targets[0]], {color: theme.line, width: 1, dash: [2, 4]});
    states.points.forEach(point => panel.dot(...point, {color: theme.forward, size: 11, alpha: 0.28, ring: false}));
    panel.dot(...states.limit, {color: theme.backward, size: 13, alpha: 0.28, ring: false, shape: "square"});
    cross(panel, states.minimiser, theme.ink);
    panel.dot(...start, {color: theme.muted, size: 3});
    const pull = [cyclicHead(live, "forward"), targets[Math.max(0, step - 1) % batches]];
    panel.path(pull, {color: theme.line, width: 1.2, dash: [4, 4], alpha: step ? 1 : 0});
    for (const order of ["forward", "backward"]) {
      const path = states[order].slice(Math.max(0, step - CYCLE_TRAIL), Math.max(1, step));
      panel.path([...path, cyclicHead(live, order)], {color: theme[order], width: 1.5});
      panel.dot(...cyclicHead(live, order), {color: theme[order], size: 7, shape: CYCLIC_SHAPES[order]});
    }
  });
  const name = {dx: 13, dy: 12, bold: true, color: theme.muted};
  targets.slice(0, batches).forEach(([x, y], i) => panel.text(x, y, `x${"₀₁₂₃₄₅₆₇"[i]}`, name));
  panel.text(...states.minimiser, "minimiser", {dy: 20, align: "center"});
}

function drawAlong(live, name, value) {
  const {panels: {[name]: panel}, settings: {step, batches}, states, theme} = live;
  panel.begin(theme);
  panel.clipped(() => {
    const level = states.minimiser[0];
    if (name === "along") panel.path(panel.x.map(n => [n, level]), {color: theme.ink, width: 1.3, dash: [5, 4]});
    const cut = {color: theme.grid, width: 1};
    for (let n = batches; n < panel.x[1]; n += batches) panel.path(panel.y.map(y => [n, y]), cut);
    for (const order of ["forward", "backward"]) {
      const points = states[order].slice(0, Math.max(1, step)).map((state, n) => [n, value(state)]);
      const now = [Math.max(0, step - 1 + live.phase), value(cyclicHead(live, order))];
      panel.path([...points, now], {color: theme[order], width: order === "backward" ? 2.2 : 1.4});
      panel.dot(...now, {color: theme[order], size: 5, shape: CYCLIC_SHAPES[order]});
    }
  });
}

/** Whether backward has been near its limit for a whole cycle. */
function stopped({settings: {step, batches}, states: {backward, limit}}) {
  return step > batches && backward.slice(step - batches, step + 1).every(state => apart(state, limit) < CYCLE_REST);
}

function scattered({settings: {targets, batches}}) {
  return Math.max(...targets.slice(0, batches).map(x => apart(x, targets[0]))) > 0.4;
}

function stopsNear(live, point, distance) {
  return stopped(live) && scattered(live) && apart(live.states.limit, point) < distance;
}

const STEPS_AXIS = {x: [0, CYCLIC_STEPS], xlabel: "step n (batches)", height: 290, basis: 240};
const spokenPoint = point => point.map(v => short(v, 2)).join(", ");

export default figure({
  label: "Batches in a cycle: forward and backward in the plane, one parameter and the distance from backward's limit",
  settings: ["lr", "batches", "targets", "start"],
  states: cyclicStates,
  play: {length: () => CYCLIC_STEPS, rate: () => 6, autoplay: true,
    text: ({settings}) => `step ${settings.step} of ${CYCLIC_STEPS}`},
  panels: [
    {name: "plane", title: "Targets of the batches, and both states", x: [-0.02, 1.06], y: [0, 1.03], equal: true,
      bare: true, height: 290, basis: 280},
    {...STEPS_AXIS, name: "along", title: "The first parameter; dashed: minimiser", y: [0, 1], ylabel: "θ₁"},
    {...STEPS_AXIS, name: "far", title: "Distance from backward's limit", y: [1e-12, 2], logY: true,
      yticks: [[1, "1"], [1e-3, "10⁻³"], [1e-6, "10⁻⁶"], [1e-9, "10⁻⁹"], [1e-12, "10⁻¹²"]]},
  ],
  handles: [
    {panel: "plane", label: "start", color: "muted", at: ({settings}) => settings.start,
      say: ({settings}) => spokenPoint(settings.start),
      move: (live, point) => ({start: point.map(v => clamp(v, 0.02, 1))})},
    ...[0, 1, 2, 3, 4, 5, 6, 7].map(i => ({
      panel: "plane", label: `target of batch ${i}`, hint: i ? undefined : "drag me",
      at: ({settings}) => settings.targets[i],
      when: ({settings}) => i < settings.batches, say: ({settings}) => spokenPoint(settings.targets[i]),
      move: ({settings}, point) => ({targets: settings.targets.map((target, k) => k === i ? point.map(v => clamp(v, 0.02, 1)) : target)}),
    })),
  ],
  controls: [slider("lr", "learning rate h", 0.02, 1.9, 0.01), slider("batches", "batches K in a cycle", 2, 8, 1)],
  draw(live) {
    drawCycle(live);
    drawAlong(live, "along", state => state[0]);
    drawAlong(live, "far", state => apart(state, live.states.limit));
  },
  title(live) {
    const {settings: {step, batches}, states} = live, near = apart(states.limit, states.minimiser) < NEAR;
    if (step <= 2 * batches) return `${batches} batches, again and again in the same order: press play, drag a target`;
    const left = short(apart(states.backward[step], states.limit), 2), f = `<span class="f">Forward</span>`;
    if (!stopped(live)) return `<span class="b">Backward</span> is still ${left} from where it will stop`;
    if (states.points.every(point => apart(point, states.points[0]) < 1e-9)) {
      return `${f} and <span class="b">backward</span> stop at the same point, for all targets are the same`;
    }
    const where = near ? "close to the minimiser" : "which is not the minimiser";
    return `${f} runs round ${batches} points, <span class="b">backward</span> stops at one, ${where}`;
  },
  read({settings: {lr, batches}, states: {limit, minimiser, points}}) {
    const [still, ...cycle] = [limit, ...points].map(point => apart(point, minimiser));
    return `h = <b>${short(lr)}</b>, K = <b>${batches}</b>. Distance from the minimiser: `
      + `<span class="b">backward's limit ${short(still, 2)}</span>, `
      + `<span class="f">forward's cycle up to ${short(Math.max(...cycle), 2)}</span>`;
  },
  goals: [
    {text: "Let backward stop within 0.02 of the minimiser, with the targets apart.",
      reached: live => stopsNear(live, live.states.minimiser, NEAR)},
    {text: "Let backward stop within 0.05 of the target of batch 0, with the targets apart.",
      reached: live => stopsNear(live, live.settings.targets[0], ON_BATCH)},
  ],
});
