// A cobweb of the maps, and beside it the paths in both orders: the gap shrinks in both, and one path comes to rest.

import {short} from "./basics.js";
import {COBWEB_STEPS, cobwebSettles, cobwebStates, cobwebWay, lastMoves} from "./cobweb_states.js";
import {again, choice, slider} from "./controls.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";

const RANGE = [-1, 2], GRIP = 1.8, LOW = -0.2, HIGH = 2.2; // of θ; where the line is held; of h
const SPAN = {forward: '<span class="f">forward</span>', backward: '<span class="b">backward</span>'};
const HALF = {0: "0", 0.5: "½", 1: "1"};

function drawMaps(live, panel, last) {
  const {settings: {lr}, states: {values}, theme} = live;
  panel.path([[-1, -1], [2, 2]], {color: theme.line, width: 1, dash: [4, 4]});
  values.forEach(x => {
    const at = theta => theta - lr * (theta - x), now = x === last;
    panel.path([[-1, at(-1)], [2, at(2)]], {color: now ? theme.ink : theme.muted, width: now ? 2.2 : 1.2});
  });
}

/** The boxes between the two runs: as wide as the gap before a map, and as high as the gap after it. */
function drawWay(live, panel, way, color) {
  const n = way[0].length - 1;
  for (let k = 0; k < n; k++) {
    const age = n - 1 - k, [a, b] = way, alpha = Math.max(0.07, 0.3 - 0.08 * age);
    panel.box(a[k], a[k + 1], b[k], b[k + 1], {color, fill: color, alpha});
    for (const [path, dash] of [[a, []], [b, [5, 3]]]) {
      const from = k ? [path[k], path[k]] : [path[0], RANGE[0]];
      const look = {color, dash, width: age ? 1.1 : 2.2, alpha: age > 3 ? 0.35 : 1 - 0.2 * age};
      panel.path([from, [path[k], path[k + 1]], [path[k + 1], path[k + 1]]], look);
    }
  }
}

/** The batch of each line, at the line's end, if that is in sight. */
function nameMaps(live, panel, last) {
  const {settings: {lr}, states: {values}, theme} = live;
  values.forEach(x => {
    const end = 2 - lr * (2 - x), color = x === last ? theme.ink : theme.muted;
    const look = {dx: 5, size: 12, bold: x === last, color};
    if (end >= RANGE[0] && end <= RANGE[1]) panel.text(2, end, `x = ${HALF[x]}`, look);
  });
}

function drawWeb(live) {
  const {panels: {web: panel}, settings: {web, step, a, b}, states: {drawn}, theme} = live, color = theme[web];
  const way = cobwebWay(live.settings, drawn, web, step);
  panel.begin(theme, RANGE, RANGE);
  const [name, newest] = web === "forward" ? ["F", "newest"] : ["B", "oldest"];
  panel.title.textContent = `Cobweb of ${name}, ${step} map${step === 1 ? "" : "s"}: the ${newest} comes last`;
  const last = step ? drawn[web === "forward" ? step - 1 : 0] : null;
  panel.clipped(() => {
    drawMaps(live, panel, last);
    panel.path([[a, RANGE[0]], [b, RANGE[0]]], {color, width: 6, alpha: 0.6});
    drawWay(live, panel, way, color);
    for (const path of way) panel.path([[path[step], path[step]], [2, path[step]]], {color, width: 1, dash: [2, 4]});
  });
  nameMaps(live, panel, last);
}

function drawPath(live, panel, order) {
  const {settings: {step, web}, states, theme} = live, [a, b] = states[order].map(path => path.slice(0, step + 1));
  const color = theme[order], size = order === web ? 4.5 : 3.5;
  if (step) [a, b].forEach(path => { path[step] = path[step - 1] + live.phase * (path[step] - path[step - 1]); });
  const xs = a.map((_, k) => k - (k === step && step ? 1 - live.phase : 0));
  const back = xs.map((x, k) => [x, b[k]]).reverse();
  panel.path([...xs.map((x, k) => [x, a[k]]), ...back], {color, fill: color, width: 0, alpha: 0.13});
  panel.line(xs, a, {color, width: 2});
  panel.line(xs, b, {color, width: 2, dash: [5, 3]});
  xs.forEach((x, k) => k && panel.dot(x, b[k], {color, size, shape: "square"}));
  xs.forEach((x, k) => k && panel.dot(x, a[k], {color, size}));
  return [xs[step], a[step]];
}

function drawPaths(live) {
  const {panels: {paths: panel}, settings: {step, web, batches}, states, theme} = live, ends = {};
  panel.begin(theme);
  panel.clipped(() => {
    const level = {color: theme[web], width: 1, dash: [2, 4]};
    for (const path of states[web]) panel.path([[0, path[step]], [step, path[step]]], level);
    for (const order of ["forward", "backward"]) ends[order] = drawPath(live, panel, order);
  });
  for (let k = 1; k <= step; k++) {
    const look = {align: "center", dy: -9, size: 12, bold: k === step, color: k === step ? theme.ink : theme.muted};
    panel.text(k, RANGE[1], HALF[states.drawn[k - 1]], look);
  }
  panel.text(0, RANGE[1], "x", {align: "center", dy: -9, size: 12, color: theme.muted});
  if (step && batches > 1) nameEnds(live, panel, ends);
}

/** F_n and B_n, apart from each other. */
function nameEnds(live, panel, {forward, backward}) {
  const {settings: {step}, theme} = live, gap = panel.Y(forward[1]) - panel.Y(backward[1]);
  const near = Math.max(0, 15 - Math.abs(gap)) / 2;
  for (const [name, [x, y], way] of [["F", forward, Math.sign(gap) || 1], ["B", backward, -(Math.sign(gap) || 1)]]) {
    const color = theme[name === "F" ? "forward" : "backward"];
    const look = {dx: 9, dy: way * near, bold: true, size: 13.5, color};
    if (y >= RANGE[0] && y <= RANGE[1]) panel.text(x, y, `${name}${subscript(step)}`, look);
  }
}

function subscript(n) {
  return String(n).replace(/\d/g, digit => "₀₁₂₃₄₅₆₇₈₉"[digit]);
}

const shown = (a, low = RANGE[0], high = RANGE[1]) => Number(clamp(a, low, high).toFixed(2));

const start = (name, panel) => ({
  panel, label: `start ${name}${panel === "web" ? ", in the cobweb" : ""}`, axis: panel === "web" ? "x" : "y", color: "ink", keyStep: 0.05,
  at: ({settings}) => panel === "web" ? [settings[name], RANGE[0]] : [0, settings[name]],
  move: (live, point) => ({[name]: shown(point[panel === "web" ? 0 : 1])}),
  say: ({settings}) => `start ${name} at ${short(settings[name])}`,
});

/** Whether the last five batches are the same one. */
function alike(drawn, step) {
  return step >= 5 && new Set(drawn.slice(step - 5, step)).size === 1;
}

function verdict(live) {
  const {settings: {step, lr, batches}, states} = live, rate = Math.abs(1 - lr), now = short(rate ** step, 2);
  const times = `the gap is ${now} of its start`;
  const moves = {forward: lastMoves(states.forward, step), backward: lastMoves(states.backward, step)};
  const slope = `Slope ${short(1 - lr)}`;
  if (rate > 1.0001) return `${slope}: every map stretches, the gap is ${now} times its start, and nothing settles`;
  if (rate > 0.9999) return `${slope}: every map keeps all distances, and the gap stays`;
  if (batches === 1) return `One map, again and again: both orders are the same path, and ${times}`;
  if (rate < 0.0001) {
    return `Slope 0 forgets the start: ${SPAN.backward} stays on the oldest batch, ${SPAN.forward} jumps to the newest`;
  }
  if (moves.backward < 0.02 && moves.forward > 0.05 && rate ** step < 0.05)
    return `In both orders ${times}, but only ${SPAN.backward} comes to rest`;
  if (moves.forward < 0.05 && alike(states.drawn, step)) return `In both orders ${times}; the last batches were all alike`;
  return `In both orders ${times}: the runs from a and b come together`;
}

export default figure({
  label: "Cobweb of two starts, and their forward and backward paths",
  settings: ["lr", "seed", "batches", "a", "b", "web"],
  states: cobwebStates,
  play: {length: () => COBWEB_STEPS, rate: () => 1.6, text: live => `step ${live.settings.step} of ${COBWEB_STEPS}`},
  panels: [
    {
      name: "web", x: RANGE, y: RANGE, xlabel: "θ before a map", ylabel: "θ after it", height: 275, basis: 310,
      grow: 0.3, marginRight: 42, equal: true, xticks: [-1, 0, 1, 2], yticks: [-1, 0, 1, 2], marginTop: 20,
    },
    {
      name: "paths", title: "Forward and backward from both starts, on the same batches", x: [0, COBWEB_STEPS],
      y: RANGE, xlabel: "step n", ylabel: "θ", height: 275, basis: 380, marginRight: 38, xticks: [0, 5, 10, 15, 20],
      yticks: [-1, 0, 1, 2], marginTop: 20,
    },
  ],
  handles: [
    ...["web", "paths"].flatMap(panel => ["a", "b"].map(name => start(name, panel))),
    {
      panel: "web", label: "slope of the maps", axis: "y", color: "other", keyStep: 0.01 * (GRIP - 1),
      at: ({settings: {lr}}) => [GRIP, 1 + (1 - lr) * (GRIP - 1)],
      move: (live, [, y]) => ({lr: shown(1 - (y - 1) / (GRIP - 1), LOW, HIGH)}),
      say: ({settings: {lr}}) => `slope ${short(1 - lr)}`,
    },
  ],
  controls: [
    choice("batches", "batches", [[1, "1"], [2, "2"], [3, "3"]]),
    choice("web", "cobweb of", [["forward", "F"], ["backward", "B"]]),
    slider("lr", "h", LOW, HIGH, 0.01), again("Other batches"),
  ],
  draw(live) {
    drawWeb(live);
    drawPaths(live);
    for (const [panel, dx, dy] of [["web", 11, -9], ["paths", 12, -10]]) {
      const look = {dx, dy, bold: true, size: 14};
      ["a", "b"].forEach(name => live.panels[panel].text(...start(name, panel).at(live), name, look));
    }
  },
  title: live => live.settings.step ? verdict(live) : "Press play: which paths come together, and which come to rest?",
  read(live) {
    const {settings: {step, lr}, states} = live, moved = order => short(lastMoves(states[order], step), 2);
    return `Slope 1 − h = <b>${short(1 - lr)}</b>. Largest of the last five moves: <span class="f">forward
      <b>${moved("forward")}</b></span>, <span class="b">backward <b>${moved("backward")}</b></span>`;
  },
  goals: [
    {
      text: "Find the largest h at which backward settles within 20 steps (its last five moves all below 0.001).",
      reached: ({settings}) => settings.step === COBWEB_STEPS && settings.batches > 1 && settings.lr > 1
        && cobwebSettles(settings) && !cobwebSettles({...settings, lr: settings.lr + 0.02}),
    },
    {
      text: "Close the gap in a single step, wherever a and b are.",
      reached: ({settings}) => settings.step > 0 && Math.abs(settings.lr - 1) < 1e-9 && settings.a !== settings.b,
    },
  ],
});
