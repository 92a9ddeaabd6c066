// Variance over seeds in the middle of an epoch: where forward and backward have the same law, and where not.

import {choice, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {EPOCHS, epochStates, epochWeights, reversible} from "./mid_epoch_states.js";
import {figure} from "./kit.js";
import {short} from "./basics.js";

const DATA = [
  ["iid", "i.i.d."], ["shuffle_once", "one shuffle"], ["reshuffle", "reshuffled"], ["flipflop", "flip-flop"],
];
const NAMES = {iid: "independent batches", shuffle_once: "one shuffle, repeated"};
const COUNTS = ["no", "one", "two", "three", "four", "five", "six"];

function bands(panel, {settings: {size}, theme}, low, high, end) {
  for (let epoch = 0; epoch * size < end; epoch += 2) {
    panel.box(epoch * size, low, Math.min(end, (epoch + 1) * size), high, {fill: theme.wash});
  }
}

/** Green where the theorem applies: under single steps a dot, under many a line. */
function drawApplies(panel, {settings: {data, size}, theme}, height) {
  const holds = n => reversible(data, size, n), color = theme.other, end = EPOCHS * size;
  for (let n = 1; n <= end; n++) {
    if (holds(n) && holds(n - 1)) panel.path([[n - 1, height], [n, height]], {color, width: 5});
    if (holds(n) && !holds(n - 1)) panel.dot(n, height, {color, size: 4.5, ring: false});
  }
}

function drawCurves(live) {
  const {panels: {variance: panel}, settings: {size, step}, states, theme} = live, end = EPOCHS * size;
  const top = 1.14 * Math.max(...states.forward, ...states.backward), low = -0.1 * top;
  panel.spec.xticks = Array.from({length: EPOCHS + 1}, (_, epoch) => epoch * size);
  panel.begin(theme, [0, end], [low, top]);
  bands(panel, live, low, top, end);
  const steps = states.forward.map((_, n) => n);
  panel.line(steps, states.forward, {color: theme.forward, width: 2});
  panel.line(steps, states.backward, {color: theme.backward, width: 2, dash: [6, 3]});
  drawApplies(panel, live, low / 2);
  panel.path([[step, low], [step, top]], {color: theme.ink, width: 1, dash: [3, 3]});
  panel.dot(step, states.forward[step], {color: theme.forward});
  panel.dot(step, states.backward[step], {color: theme.backward, shape: "square"});
  panel.text(0, top, "forward", {color: theme.forward, bold: true, dx: 8, dy: 11});
  panel.text(0, top, "backward", {color: theme.backward, bold: true, dx: 68, dy: 11});
  panel.text(0, top, "same law", {color: theme.other, bold: true, dx: 144, dy: 11});
}

function drawWeights(live) {
  const {panels: {weights: panel}, settings: {size, step, lr}, theme} = live, end = Math.max(1, step), top = 1.25 * lr;
  panel.begin(theme, [0, end], [-top, top]);
  bands(panel, live, -top, top, end);
  if (step % size && step > size) {
    panel.box(step - step % size, -top, end, top, {fill: theme.forward, alpha: 0.14});
    panel.text(end, top, "not complete", {align: "right", dx: -4, dy: 11, size: 12, color: theme.muted});
  }
  for (const [order, sign] of [["forward", 1], ["backward", -1]]) {
    epochWeights(order, step, lr).forEach((weight, i) => {
      panel.box(i + 0.12, 0, i + 0.88, sign * weight, {fill: theme[order]});
    });
  }
  panel.path([[0, 0], [end, 0]], {color: theme.line, width: 1});
}

function placeText({data, size, step}) {
  const epochs = step / size, into = step % size;
  if (data === "iid" || data === "shuffle_once") return `Step ${step}, ${NAMES[data]}`;
  if (epochs === 1) return `Step ${step}, one epoch`;
  return into ? `Step ${step}, ${into} into an epoch` : `Step ${step}, ${COUNTS[epochs]} whole epochs`;
}

export default figure({
  label: "Variance over seeds of forward and backward, step by step, for four ways to draw the data",
  settings: ["data", "size", "lr"],
  states: epochStates,
  play: {length: live => EPOCHS * live.settings.size, rate: () => 6},
  panels: [
    {name: "variance", title: "Variance over seeds; a band is an epoch", x: [0, 60], y: [0, 0.03],
      xlabel: "step n (batches)", height: 270, grow: 3, basis: 340},
    {name: "weights", title: "Weights of the batches: forward up, backward down", x: [0, 60],
      y: [-0.1, 0.1], yticks: [], xlabel: "batch, oldest first", height: 270, grow: 2, basis: 260},
  ],
  handles: [
    {panel: "variance", label: "step n", axis: "x", keyStep: 1, color: "forward",
      at: ({settings: {step}, states}) => [step, states.forward[step]], say: ({settings}) => `step ${settings.step}`,
      move: ({settings: {size}}, [x]) => ({step: clamp(Math.round(x), 0, EPOCHS * size)})},
  ],
  controls: [
    choice("data", "data", DATA), slider("size", "epoch K", 2, 20, 1), slider("lr", "h", 0.02, 0.5, 0.01),
  ],
  draw(live) {
    drawCurves(live);
    drawWeights(live);
  },
  title({settings, states: {forward, backward}}) {
    const {data, size, step} = settings, [f, b] = [forward, backward].map(curve => curve[step].toFixed(4));
    if (!step) return "Step 0: both stand at the start";
    const place = placeText(settings), same = `<span class="o">the same law</span>, variance ${f} for both`;
    if (reversible(data, size, step)) return `${place}: ${same}`;
    return `${place}: variance <span class="f">${f} forward</span>, <span class="b">${b} backward</span>`;
  },
  read({settings: {data, size, step, lr}, states: {forward, backward}}) {
    const ratio = forward[step] / backward[step], limit = (lr / (2 - lr)).toFixed(4);
    const times = short(ratio), close = "The variances differ by less than 0.5\u00a0%, and the laws still differ";
    const unlike = times === "1" ? close : `Forward's is <b>${times}</b> times backward's`;
    const said = reversible(data, size, step) ? "Both variances are equal" : unlike;
    return `${said}. Independent batches would end at ${limit}. K = ${size}, h = ${short(lr)}, Var x = 1.`;
  },
  goals: [
    {text: "Reshuffled, K = 10, h = 0.1: find a step at which forward's variance is more than 4.5 times backward's.",
      reached: ({settings: {data, size, step, lr}, states: {forward, backward}}) =>
        data === "reshuffle" && size === 10 && lr === 0.1 && forward[step] > 4.5 * backward[step]},
    {text: "Flip-flop: find the smallest number of whole epochs after which the laws differ.",
      reached({settings: {data, size, step}}) {
        const whole = n => n % size === 0 && !reversible(data, size, n);
        return data === "flipflop" && whole(step) && !whole(step - size) && !whole(step - 2 * size);
      }},
  ],
});
