// Recorded pairs of networks on the same batches: does the gap between them shrink? Not at any rate shown here.

import {short} from "./basics.js";
import {choice, slider} from "./controls.js";
import {drawGaps, drawLosses, drawNow, NAMES, onAxis, STEPS} from "./gaps_panels.js";
import {gapsStates, QUANTITIES} from "./gaps_states.js";
import {side} from "./intervals.js";
import {figure} from "./kit.js";

/** What an interval of a ratio says: one that holds 1 shows no change, which is not to say that there is none. */
const said = (what, found) => ({"-1": `${what} shrinks`, 0: `no change of ${what} is shown`, 1: `${what} grows`})[side(found)];
const STARTS = [["perturbed", "one step away"], ["independent", "independent"]];
const looked = ({settings}) => settings.recording.looks[settings.step];
const ended = ({settings}) => settings.step === settings.recording.looks.length - 1;
const interval = ([, low, high]) => `95\u00a0%: ${short(low, 2)} to ${short(high, 2)}`;

function gapTitle(live) {
  const {settings: {step, lr, compared}, states: {since, turn}} = live, what = `the gap of the ${NAMES[compared]}`;
  if (!step) return "Two networks, the same batches: press play, and see what becomes of their gap";
  const found = since(compared, step), times = `${short(found[0], 2)} (${interval(found)})`;
  if (step <= turn) return `h = ${lr}, step ${looked(live)}: ${what} is ${short(found[0], 2)} times its start (${interval(found)})`;
  return `h = ${lr}: from step 400 to ${looked(live)} ${said(what, found)}, times ${times}`;
}

function gapRead({settings: {step, seed}, states: {bands, losses, gaps}}) {
  if (!step) return "";
  const all = QUANTITIES.map(name => `${NAMES[name]} <b>${short(bands[name][step][0], 2)}</b>`).join(", ");
  const one = QUANTITIES.map(name => short(gaps[name][seed][step], 2)).join(", ");
  return `Gap over its start, geometric mean of 16 pairs: ${all}; pair ${seed}: ${one}; its test loss ${short(losses[seed][step], 2)} nats`;
}

/** The look nearest to a place on the axis of steps. */
function nearestLook({settings: {recording: {looks}}}, x) {
  const far = looks.map(n => Math.abs(onAxis(n) - x));
  return far.indexOf(Math.min(...far));
}

/** Whether the pair that stands out has the largest gap of probabilities of all. */
function isFurthest({settings: {seed, step}, states: {gaps: {probabilities}}}) {
  return probabilities.every(row => row[step] <= probabilities[seed][step]);
}

export default figure({
  label: "Gaps of pairs of networks that see the same batches, recorded for 16 seeds",
  settings: ["lr", "start", "compared", "seed", "recording"],
  states: gapsStates,
  play: {
    length: ({settings}) => settings.recording.looks.length - 1, rate: () => 12, stay: true, unit: "looks",
    text: live => `step ${looked(live)}`,
  },
  panels: [
    {name: "gap", title: "Gap / gap at step 0", ...STEPS, y: [0.08, 60], logY: true, height: 262, grow: 1.5, basis: 320,
      yticks: [[0.1, "0.1"], [1, "1"], [10, "10"], [100, "100"]]},
    {name: "now", title: "All three", x: [-0.5, 2.5], y: [0.08, 60], logY: true, height: 262, basis: 210,
      xticks: QUANTITIES.map((name, i) => [i, NAMES[name]]), yticks: [[0.1, "0.1"], [1, "1"], [10, "10"], [100, "100"]]},
    {name: "loss", title: "Test loss of the first network (nats)", ...STEPS, y: [0.03, 4], logY: true, height: 262, basis: 210,
      yticks: [[0.1, "0.1"], [0.3, "0.3"], [1, "1"], [3, "3"]]},
  ],
  handles: [
    {panel: "gap", label: "step n", axis: "x", color: "ink", keyStep: 0.8,
      at: ({settings: {step, compared, recording: {looks}}, states: {bands}}) => [onAxis(looks[step]), bands[compared][step][0]],
      move: (live, [x]) => ({step: nearestLook(live, x)}), say: live => `step ${looked(live)}`},
    ...QUANTITIES.map((name, i) => ({
      panel: "now", label: () => `compare the ${NAMES[name]}`, area: ({panels: {now}}) => [i - 0.45, now.y[0], i + 0.45, now.y[1]],
      press: () => ({compared: name}), on: ({settings}) => settings.compared === name,
    })),
  ],
  controls: [
    choice("start", "second network starts", STARTS),
    choice("lr", "learning rate h", [0.03, 0.1, 0.3, 0.5].map(rate => [rate, String(rate)])),
    choice("compared", "compare", QUANTITIES.map(name => [name, NAMES[name]])),
    slider("seed", "pair that stands out", 0, 15, 1),
  ],
  draw(live) {
    drawGaps(live);
    drawNow(live);
    drawLosses(live);
  },
  title: gapTitle,
  read: gapRead,
  goals: [
    {
      text: "Find a learning rate at which two networks one step apart end with a larger gap of probabilities than at the start.",
      reached: live => ended(live) && live.settings.compared === "probabilities" && live.settings.start === "perturbed"
        && side(live.states.bands.probabilities.at(-1)) > 0,
    },
    {
      text: "At h = 0.1, one step away, find the pair whose probabilities end furthest apart for their start.",
      reached: live => ended(live) && live.settings.start === "perturbed" && live.settings.lr === 0.1 && isFurthest(live),
    },
  ],
});
