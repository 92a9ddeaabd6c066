// The panels of recorded training: whole paths, their last looks, and the spreads at all rates.

import {LAST, lastLooks} from "./learning_rates_states.js";

export const RATES = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1];
export const ORDERS = ["forward", "backward"];
export const LOOKS = 200;
const GUESSING = Math.log(10); // nats, of ten digits
const SHAPES = {forward: "circle", backward: "square"};
const DASHES = {forward: [], backward: [6, 3]};

export const ended = ({settings}) => settings.step >= LOOKS;

/** The last looks of an order at the step that is shown. */
export const window50 = (live, order) =>
  lastLooks(live.settings.recording, live.states.path[order], Math.max(3, live.settings.step));

/** Forward's spread over backward's, at the end. */
export const times = ({states: {at, spread}}) => spread.forward[at] / spread.backward[at];

export const onlyGuesses = (live, order) => live.states.path[order].slice(-LAST).every(loss => loss > GUESSING - 0.01);

function drawPath(live) {
  const {
    panels: {path: panel},
    settings: {
      step,
      recording: {looks, epoch},
    },
    states: {path},
    theme,
  } = live;
  panel.begin(theme);
  const from = looks[Math.max(0, step - LAST)],
    to = looks[Math.max(0, step - 1)];
  panel.box(from, panel.y[0], to, panel.y[1], {fill: theme.wash});
  for (let n = epoch; n <= looks.at(-1); n += epoch)
    panel.path(
      [
        [n, panel.y[0]],
        [n, panel.y[1]],
      ],
      {color: theme.line, width: 1, dash: [2, 4]},
    );
  panel.clipped(() => {
    for (const order of ORDERS)
      panel.line(looks, path[order], {color: theme[order], width: 1.7, dash: DASHES[order]}, 0, step);
    looks.forEach((n, i) => {
      if (n % epoch || i >= step) return;
      for (const order of ORDERS) panel.dot(n, path[order][i], {color: theme[order], size: 4.5, shape: SHAPES[order]});
    });
  });
  ORDERS.forEach((order, k) =>
    panel.text(0, panel.y[0], order, {color: theme[order], bold: true, dx: 8, dy: -29 + 17 * k}),
  );
}

/** A range that holds all values, with some room. */
function around(values) {
  const known = values.filter(Number.isFinite),
    [low, high] = [Math.min(...known), Math.max(...known)],
    room = 0.08 * (high - low) || 0.01;
  return known.length ? [low - room, high + room] : [0, 1];
}

function drawZoom(live) {
  const {
      panels: {zoom: panel},
      theme,
    } = live,
    parts = Object.fromEntries(ORDERS.map(order => [order, window50(live, order)]));
  const {xs} = parts.forward;
  panel.begin(theme, [xs[0], xs.at(-1)], around(ORDERS.flatMap(order => [...parts[order].ys, ...parts[order].line])));
  for (const order of ORDERS) {
    const {ys, line} = parts[order];
    panel.line(xs, line, {color: theme.ink, width: 1.2});
    panel.line(xs, ys, {color: theme[order], width: 1.7, dash: DASHES[order]});
    xs.forEach((n, i) => {
      if (n % live.settings.recording.epoch === 0)
        panel.dot(n, ys[i], {color: theme[order], size: 5, shape: SHAPES[order]});
    });
  }
}

function drawSpreads(live) {
  const {
    panels: {spreads: panel},
    settings: {seen},
    states: {at, spread},
    theme,
  } = live;
  panel.begin(theme);
  panel.box(at - 0.4, panel.y[0], at + 0.4, panel.y[1], {fill: theme.wash});
  RATES.forEach((rate, i) => {
    if (!seen.includes(rate)) return;
    panel.path(
      [
        [i, spread.forward[i]],
        [i, spread.backward[i]],
      ],
      {color: theme.line, width: 1.2},
    );
    for (const order of ORDERS)
      panel.dot(i, spread[order][i], {color: theme[order], size: i === at ? 7 : 5, shape: SHAPES[order]});
  });
}

export function drawRates(live) {
  drawPath(live);
  drawZoom(live);
  drawSpreads(live);
}
