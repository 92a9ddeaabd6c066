// Half of the maps expand: two slopes dragged in their plane, both orders on a line, their moves, the tail over seeds.

import {short} from "./basics.js";
import {again} from "./controls.js";
import {EXPANDING_SEEDS, EXPANDING_STEPS, expandingRate, expandingStates, kesten} from "./expanding_states.js";
import {clamp} from "./handles.js";
import {figure} from "./kit.js";

const SIDE = 20, MOST_SLOPE = 2, LEAST_MOVE = 1e-12, CALM_MOVE = 1e-3, GHOSTS = 14;
const F = `<span class="f">forward</span>`, B = `<span class="b">backward</span>`;

/** Both states on one line: forward above, backward below, with where they were. */
function drawPlaces(live) {
  const {panels: {places: panel}, settings: {step}, states, theme} = live;
  panel.begin(theme);
  for (const [order, y, shape] of [["forward", 0.5, "circle"], ["backward", -0.5, "square"]]) {
    const path = states[order], color = theme[order], from = path[Math.max(0, step - 1)];
    const now = from + live.phase * (path[step] - from);
    panel.clipped(() => {
      for (let k = 1; k <= GHOSTS && k <= step; k++) {
        panel.dot(path[step - k], y, {color, size: 4, ring: false, alpha: 0.45 * (1 - k / (GHOSTS + 1))});
      }
      panel.dot(now, y, {color, size: 8, shape});
    });
    if (Math.abs(now) > SIDE) drawBeyond(panel, now, y, color);
    panel.text(-SIDE, y, order, {color, size: 13, bold: true, align: "left", dx: 8});
  }
}

function drawBeyond(panel, now, y, color) {
  const way = Math.sign(now);
  panel.arrow(way * 0.93 * SIDE, y, way * 0.995 * SIDE, y, {color, width: 2});
  panel.text(way * 0.92 * SIDE, y, short(now, 3), {color, align: way > 0 ? "right" : "left", dx: way > 0 ? -4 : 80});
}

/** Which pairs of slopes contract: always (square), on average (between the curves), and with a variance (circle). */
function drawSlopes(live) {
  const {panels: {slopes: panel}, theme} = live, arc = Array.from({length: 31}, (_, i) => 2 ** (1 - i / 15));
  const turn = ([x, y], k) => [[x, y], [-y, x], [-x, -y], [y, -x]][k];
  const inside = [0, 1, 2, 3].flatMap(k => arc.map(x => turn([x, 1 / x], k)));
  panel.begin(theme);
  panel.path([...inside, inside[0]], {color: theme.backward, fill: theme.backward, alpha: 0.16, width: 0});
  for (let k = 0; k < 4; k++) panel.path(arc.map(x => turn([x, 1 / x], k)), {color: theme.backward, width: 2});
  panel.box(-1, -1, 1, 1, {fill: theme.wash});
  panel.path([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]], {color: theme.line, width: 1.3});
  const circle = Array.from({length: 73}, (_, i) => [Math.cos, Math.sin].map(f => Math.SQRT2 * f(i / 36 * Math.PI)));
  panel.path(circle, {color: theme.ink, width: 1.3, dash: [4, 4]});
  panel.text(0, 0, "both shrink", {align: "center"});
  panel.text(1.52, 0, "settles", {align: "center", color: theme.backward, size: 12});
  panel.text(1.95, 1.78, "explode", {align: "right", color: theme.muted});
}

function drawMoves(live) {
  const {panels: {moves: panel}, settings: {step, slopes}, states: {forward, product}, theme} = live;
  const end = Math.exp(expandingRate(slopes) * EXPANDING_STEPS);
  panel.begin(theme);
  panel.clipped(() => {
    panel.path([[0, 1], [EXPANDING_STEPS, end]], {color: theme.ink, width: 1.4, dash: [6, 4]});
    const sizes = forward.slice(1, step + 1).map((v, n) => [n, Math.abs(v - forward[n])]);
    panel.path(sizes, {color: theme.forward, width: 1.3});
    panel.path(product.slice(0, step).map((p, n) => [n, p]), {color: theme.backward, width: 2});
    if (step) panel.dot(step - 1, product[step - 1], {color: theme.backward, size: 5, shape: "square"});
  });
}

/** Where Kesten's theorem applies: some maps expand, they contract on average, and have no common fixed point. */
function heavy(slopes) {
  const expand = Math.max(...slopes.map(Math.abs)) > 1;
  return expandingRate(slopes) < 0 && expand && slopes[0] !== slopes[1] && slopes.every(a => a !== 0);
}

function drawTail(live) {
  const {panels: {tail: panel}, settings: {slopes}, theme} = live, sizes = sortedEnds(live);
  const largest = Math.max(...slopes.map(Math.abs)), style = {color: theme.ink, width: 1.4, dash: [6, 4]};
  panel.begin(theme);
  panel.clipped(() => {
    if (heavy(slopes)) {
      const kappa = kesten(slopes), at = Math.log10(sizes[Math.floor(0.95 * sizes.length)]);
      panel.path([-1, 4].map(x => [x, 0.05 * 10 ** (kappa * (at - x))]), style);
    } else if (largest < 1) panel.path(panel.y.map(y => [-Math.log10(1 - largest), y]), style);
    panel.path(survival(sizes, panel.y[0] / 2), {color: theme.backward, width: 2.2});
  });
  const without = expandingRate(slopes) < 0 ? "no power law" : "no stationary law";
  panel.text(2.95, 0.55, heavy(slopes) ? `slope −κ = −${short(kesten(slopes), 2)}` : without, {align: "right"});
}

/** [log₁₀ t, share of sizes beyond t], at every eighth size and at all of the largest 200. */
function survival(sizes, least) {
  const beyond = i => Math.max(least, 1 - (i + 1) / sizes.length);
  const points = Array.from(sizes, (t, i) => [Math.log10(Math.max(t, 1e-9)), beyond(i)]);
  return points.filter(([x], i) => x > -0.3 && (i % 8 === 0 || i > sizes.length - 200));
}

function sortedEnds({states}) {
  return states.sorted ??= states.ends.map(Math.abs).sort();
}

function quiet({states: {product}, settings: {step}}) {
  return step > 12 && Math.max(...product.slice(step - 8, step)) < CALM_MOVE;
}

function expandingTitle(live) {
  const {slopes, step} = live.settings, rate = expandingRate(slopes), l = `λ = ${short(rate, 2)}`;
  if (Math.abs(rate) < 0.005) return `${l}: on the edge, neither ${F} nor ${B} comes to rest in sight`;
  if (rate > 0) return `${l} > 0: on average the maps expand, and both ${F} and ${B} explode`;
  if (slopes[0] === slopes[1]) return `Both maps are the same one: ${F} and ${B} end at its fixed point`;
  if (!slopes.some(a => Math.abs(a) > 1)) return `Neither map expands: ${B} settles, ${F} moves on within bounds`;
  if (!quiet(live) && step < 40) return `Half of the maps expand: ${F} and ${B} on the same tosses`;
  if (!quiet(live)) return `${l}: ${B} is not at rest yet`;
  const variance = kesten(slopes) > 2 ? "and over seeds the variance is finite" : "but over seeds it has no variance";
  return `Half of the maps expand, yet ${B} settles, ${variance}`;
}

const SLOPE_TICKS = [-2, -1, 0, 1, 2], ALL_SLOPES = [-MOST_SLOPE, MOST_SLOPE];
const SLOPE_PLANE = {x: ALL_SLOPES, y: ALL_SLOPES, xticks: SLOPE_TICKS, yticks: SLOPE_TICKS, equal: true};
const MOVE_POWERS = [[1e4, "10⁴"], [1, "1"], [1e-4, "10⁻⁴"], [1e-8, "10⁻⁸"], [1e-12, "10⁻¹²"]];
const MANY_SEEDS = EXPANDING_SEEDS.toLocaleString("en");

export default figure({
  label: "Maps of which half expand: forward and backward on a line, the size of their moves, and the law over seeds",
  settings: ["slopes", "seed"],
  states: expandingStates,
  play: {length: () => EXPANDING_STEPS, rate: () => 6,
    text: ({settings}) => `step ${settings.step} of ${EXPANDING_STEPS}`},
  panels: [
    {name: "places", title: "The states on the line θ", x: [-SIDE, SIDE], y: [-1, 1], yticks: [],
      height: 84, basis: 900},
    {...SLOPE_PLANE, name: "slopes", title: "Slopes; in the circle: finite variance", xlabel: "slope a₀",
      ylabel: "slope a₁", height: 238, basis: 240},
    {name: "moves", title: "Size of the next move; dashed: exp(λn)", x: [0, EXPANDING_STEPS], y: [LEAST_MOVE, 1e4],
      logY: true, xlabel: "step n (batches)", yticks: MOVE_POWERS, height: 238, basis: 250},
    {name: "tail", title: `Chance of |θ| > t over ${MANY_SEEDS} seeds`, x: [0, 3], y: [5e-4, 1], logY: true,
      xlabel: "t (unit of θ)", ylabel: " ", xticks: [[0, "1"], [1, "10"], [2, "100"], [3, "1000"]], marginRight: 20,
      height: 238, basis: 250},
  ],
  handles: [{panel: "slopes", label: "slopes of both maps", hint: "drag me", color: "backward", keyStep: 0.05,
    at: ({settings}) => settings.slopes,
    say: ({settings}) => `slopes ${settings.slopes.map(a => short(a, 3)).join(" and ")}`,
    move: (live, point) => ({slopes: point.map(v => clamp(Number(v.toFixed(2)), -MOST_SLOPE, MOST_SLOPE))})}],
  controls: [again("Toss again")],
  draw(live) {
    drawPlaces(live);
    drawSlopes(live);
    drawMoves(live);
    drawTail(live);
  },
  title: expandingTitle,
  read(live) {
    const {slopes} = live.settings, kappa = kesten(slopes), sizes = sortedEnds(live);
    const index = heavy(slopes) || kappa === Infinity ? short(kappa, 3) : "none";
    const law = `λ = ½ log |a₀a₁| = <b>${short(expandingRate(slopes), 3)}</b>, tail index κ = <b>${index}</b>`;
    const [median, largest] = [sizes[EXPANDING_SEEDS / 2], sizes.at(-1)];
    return `Slopes <b>${slopes.map(a => short(a, 3)).join("</b> and <b>")}</b>: ${law}. `
      + `Of ${MANY_SEEDS} seeds the median |θ| is ${short(median, 2)}, the largest ${short(largest, 3)}`;
  },
  goals: [
    {text: "Let half of the maps expand and backward settle, but over seeds with a finite variance.",
      reached: live => heavy(live.settings.slopes) && kesten(live.settings.slopes) > 2 && quiet(live)},
    {text: "Let backward's moves exceed 1000 although one of the two maps shrinks all distances.",
      reached({settings: {slopes, step}, states: {product}}) {
        const growing = Math.min(...slopes.map(Math.abs)) < 1 && expandingRate(slopes) > 0;
        return growing && step > 0 && product[step - 1] > 1000;
      }},
  ],
});
