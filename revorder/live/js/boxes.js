// Coin tosses as a row of maps: each new one comes last (forward) or first (backward), and a value runs through.

import {short} from "./basics.js";
import {drawBoxes, edge, level, ROWS, stages, TALL, TOSSES} from "./boxes_row.js";
import {boxesStates, canStillMove, movesBefore} from "./boxes_states.js";
import {button, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";
import {tosses} from "./random.js";
import {tint} from "./tint.js";

const SETTLED = 0.001;
const CALM = 0.01;

/** A small number without powers of ten. */
const plain = v => (v === 0 ? "0" : v < 1e-5 ? "less than 0.00001" : String(Number(v.toPrecision(2))));

/** A dot's height and its name: two names that would lie on each other are moved apart. */
function drawNames(panel, theme, x, heights) {
  const near = Math.abs(panel.Y(heights.forward) - panel.Y(heights.backward)) < 16,
    upper = heights.forward >= heights.backward;
  for (const order of ["forward", "backward"]) {
    const dy = near ? ((order === "forward") === upper ? -11 : 11) : 0;
    panel.text(x, heights[order], order, {
      color: theme[order],
      bold: true,
      dx: x > 9.4 ? -12 : 12,
      dy: x > 9.4 ? dy - 14 : dy,
      align: x > 9.4 ? "right" : "left",
    });
  }
}

function drawTraces(live) {
  const {
      panels: {traces: panel},
      settings: {step, lr, start},
      states,
      theme,
      phase,
    } = live,
    from = Math.max(0, step - 1),
    [, gone] = stages(phase);
  panel.begin(theme);
  const band = states.backward.slice(0, step + 1).map((b, n) => [n, b, canStillMove(lr, n)]),
    x = from + (step ? gone : 0);
  const heights = {};
  panel.path(
    [...band.map(([n, b, c]) => [n, b + c * (1 - start)]), ...band.reverse().map(([n, b, c]) => [n, b - c * start])],
    {fill: theme.backward, width: 0, alpha: 0.13},
  );
  for (const order of ["forward", "backward"]) {
    const path = states[order],
      head = path[from] + (step ? gone : 0) * (path[step] - path[from]);
    panel.path([...path.slice(0, from + 1).map((v, n) => [n, v]), [x, head]], {
      color: theme[order],
      width: 2,
      dash: order === "backward" ? [6, 3] : [],
    });
    for (let n = 1; n <= from; n++) panel.dot(n, path[n], {color: theme[order], size: 3.5, shape: ROWS[order].shape});
    heights[order] = head;
  }
  for (const order of ["forward", "backward"])
    panel.dot(x, heights[order], {color: theme[order], size: 7, shape: ROWS[order].shape});
  if (step) drawNames(panel, theme, x, heights);
}

const drag = (panel, label, at, inverse) => ({
  panel,
  label,
  axis: "y",
  at,
  keyStep: panel === "traces" ? 0.02 : 0.02 * TALL,
  move: (live, [, y]) => ({start: clamp(Number(inverse(y).toPrecision(4)), 0, 1)}),
  say: ({settings}) => short(settings.start, 2),
});

const chips = order =>
  Array.from({length: TOSSES}, (_, i) => ({
    panel: "boxes",
    quiet: order === "backward",
    label: ({settings}) => `toss ${i}: ${settings.tosses[i]}`,
    when: ({settings}) => order === "forward" || settings.step > i,
    area: () => [edge(order, i) + 0.02, ROWS[order].at - 0.12, edge(order, i) + 0.98, ROWS[order].at + TALL + 0.12],
    press: ({settings}) => ({tosses: settings.tosses.map((toss, k) => (k === i ? 1 - toss : toss))}),
  }));

const settled = (lr, n) => canStillMove(lr, n) < SETTLED;
const calm = live =>
  live.settings.step === TOSSES && movesBefore(live.states.forward, TOSSES).every(move => move < CALM);

export default figure({
  label: "Coin tosses as a row of maps, forward and backward",
  settings: ["lr", "start", "tosses", "seed"],
  states: boxesStates,
  play: {length: () => TOSSES, rate: () => 0.9, text: ({settings}) => `step ${settings.step} of ${TOSSES}`},
  panels: [
    {
      name: "boxes",
      title: "Each box pulls towards its coin. Click a coin to flip it",
      x: [-0.35, TOSSES + 0.35],
      y: [-0.02, 3.14],
      bare: true,
      height: 256,
      grow: 1.5,
      basis: 330,
    },
    {
      name: "traces",
      title: "What comes out, step by step",
      x: [0, TOSSES],
      y: [-0.04, 1.04],
      yticks: [0, 0.25, 0.5, 0.75, 1],
      xticks: [0, 3, 6, 9, 12],
      xlabel: "step n",
      ylabel: "θ",
      height: 256,
    },
  ],
  handles: [
    ...chips("backward"),
    ...chips("forward"),
    drag(
      "boxes",
      "start θ₀, in the row",
      ({settings}) => [0, level("forward", settings.start)],
      y => (y - ROWS.forward.at) / TALL,
    ),
    drag(
      "traces",
      "start θ₀",
      ({settings}) => [0, settings.start],
      y => y,
    ),
  ],
  controls: [
    slider("lr", "learning rate h", 0.1, 0.9, 0.01),
    button("Toss again", ({settings}) => ({seed: settings.seed + 1, tosses: tosses(settings.seed + 1, TOSSES)})),
  ],
  draw(live) {
    drawBoxes(live);
    drawTraces(live);
  },
  title(live) {
    const {step, lr, tosses} = live.settings;
    const [f, b] = ["forward", "backward"].map(order => plain(movesBefore(live.states[order], step, 1)[0] ?? 0));
    if (!step) return `Press play: ${tint("forward")} puts every new map last, ${tint("backward")} puts it first`;
    if (calm(live)) return `${tint("forward", "Forward")} is calm too: its newest tosses agree. Flip the last one`;
    if (settled(lr, step))
      return `${tint("backward", "Backward has settled.")} ${tint("forward", `Forward has just moved by ${f}`)}`;
    const moves = `${tint("forward", `forward moves by ${f}`)}, ${tint("backward", `backward by ${b}`)}`;
    return `Toss ${step - 1} shows ${tosses[step - 1]}: ${moves}`;
  },
  read({settings: {step, lr}, states: {forward}}) {
    const [b, f] = [canStillMove(lr, step), lr * Math.max(forward[step], 1 - forward[step])].map(plain);
    const power = `(1 − h)<sup>${step}</sup>${b.startsWith("l") ? "," : " ="} <b>${b}</b> (shaded)`;
    const next = `the next one ${tint("forward", "forward", "b")} by up to <b>${f}</b>`;
    return `Later tosses move ${tint("backward", "backward", "b")} by at most ${power}, ${next}`;
  },
  goals: [
    {
      text: "Find the smallest h at which backward settles by step 12: no later toss can move it by 0.001.",
      reached: ({settings: {lr, step}}) => step === TOSSES && settled(lr, TOSSES) && !settled(lr - 0.01, TOSSES),
    },
    {text: "Flip coins until forward is calm at step 12, too: its last five moves all below 0.01.", reached: calm},
  ],
});
