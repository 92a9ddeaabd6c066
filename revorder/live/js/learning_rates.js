// Recorded training on the digits at eight learning rates: which order jitters more about its trend?

import {short} from "./basics.js";
import {choice} from "./controls.js";
import {figure} from "./kit.js";
import {drawRates, ended, LOOKS, onlyGuesses, ORDERS, RATES, times, window50} from "./learning_rates_panels.js";
import {learningRatesStates} from "./learning_rates_states.js";
import {tint} from "./tint.js";

const EVERY = 10; // steps from look to look
const FEWEST = 3; // looks about whose trend there is a spread
const LOW = 0.0003;
const HIGH = 0.6; // nats, of the map of spreads

/** A rate whose whole path has been seen is put on the map of spreads. */
function remember(live) {
  const {lr, seen} = live.settings;
  if (ended(live) && !seen.includes(lr)) live.set({seen: [...seen, lr]});
}

/** What the paths at this rate show, once they are complete. */
function asTold(live) {
  const ratio = times(live),
    rate = `At h = ${live.settings.lr}`,
    [f, b] = [tint("forward"), tint("backward")];
  if (ratio > 1.25) return `${rate} ${f} jitters ${short(ratio, 2)} times as much as ${b}`;
  if (ratio > 0.8) return `${rate} ${f} and ${b} jitter about alike`;
  const dead = onlyGuesses(live, "forward") ? ", which has stopped learning" : "";
  return `${rate} ${b} is the wilder one: ${short(1 / ratio, 2)} times ${f}${dead}`;
}

const soFar = live => (EVERY * live.settings.step).toLocaleString("en");

export default figure({
  label: "Recorded training on the digits at eight learning rates, forward and backward",
  settings: ["lr", "seen", "recording"],
  states: learningRatesStates,
  play: {
    length: () => LOOKS,
    rate: () => 25,
    text: live => `step ${soFar(live)}`,
    unit: "looks",
  },
  panels: [
    {
      name: "path",
      title: "Test loss; dotted lines: whole epochs",
      x: [0, 2000],
      y: [0.03, 4],
      logY: true,
      yticks: [
        [0.03, "0.03"],
        [0.1, "0.1"],
        [0.3, "0.3"],
        [1, "1"],
        [3, "3"],
      ],
      xticks: [0, 500, 1000, 1500, 2000],
      xlabel: "step n",
      ylabel: "nats",
      height: 244,
      grow: 1.3,
      basis: 240,
      marginRight: 16,
    },
    {
      name: "zoom",
      title: "Last 50 looks, with trend",
      x: [1510, 2000],
      y: [0, 1],
      xlabel: "step n",
      height: 244,
      basis: 180,
      marginRight: 16,
    },
    {
      name: "spreads",
      title: "Spread about the trend (nats)",
      x: [-0.6, 7.6],
      y: [LOW, HIGH],
      logY: true,
      xticks: RATES.map((rate, i) => [i, i === 1 ? "" : String(rate)]),
      yticks: [
        [0.001, "0.001"],
        [0.01, "0.01"],
        [0.1, "0.1"],
      ],
      xlabel: "learning rate h",
      height: 244,
      grow: 1.1,
      basis: 210,
    },
  ],
  handles: [
    {
      panel: "spreads",
      label: "learning rate h",
      axis: "x",
      keyStep: 1,
      at: ({states}) => [states.at, LOW * 1.45],
      move: (live, [x]) => ({lr: RATES[Math.max(0, Math.min(RATES.length - 1, Math.round(x)))]}),
      say: ({settings}) => String(settings.lr),
    },
  ],
  controls: [
    choice(
      "lr",
      "learning rate h",
      RATES.map(rate => [rate, String(rate)]),
    ),
  ],
  draw(live) {
    remember(live);
    drawRates(live);
  },
  title(live) {
    if (!live.settings.step) return `Press play: the test loss along training at h = ${live.settings.lr}`;
    return ended(live)
      ? asTold(live)
      : `Training at h = ${live.settings.lr}: the test loss in the first ${soFar(live)} steps`;
  },
  read(live) {
    if (live.settings.step < FEWEST) return "";
    const spreads = ORDERS.map(order => tint(order, `${order} ${short(window50(live, order).spread, 2)}`, "b"));
    const {
        recording: {looks, epoch},
        step,
      } = live.settings,
      whole = looks.slice(0, step).findLastIndex(n => n % epoch === 0);
    const losses = ORDERS.map(order => tint(order, short(live.states.path[order][whole] ?? NaN, 3), "b"));
    const there = whole < 0 ? "" : `; loss at the whole epoch ${looks[whole]}: ${losses.join(" and ")}`;
    return `Spread about the trend: ${spreads.join(", ")} nats${there}`;
  },
  goals: [
    {
      text: "Find a learning rate at which backward is the wilder one.",
      reached: live => ended(live) && times(live) < 0.8,
    },
    {
      text: "Find the rate at which forward jitters at least nine times as much as backward.",
      reached: live => ended(live) && times(live) >= 9,
    },
  ],
});
