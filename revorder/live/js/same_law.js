// The ends of all sequences of tosses, forward above and backward below: one histogram, but each sequence elsewhere.

import {short} from "./basics.js";
import {choice, slider} from "./controls.js";
import {figure} from "./kit.js";
import {drawEnds, drawTosses, first, nearest, NUMBERS, shown, SIDES, tossesOf} from "./same_law_panels.js";
import {flipped, sameLawStates, SEQUENCES, TOSSED, tossOf} from "./same_law_states.js";
import {tint} from "./tint.js";

const EXACT = 1e-12;
const STEP = 1 / 512; // of an arrow key: no two ends at h = ½ are that close

const isMixed = number => number > 0 && number < SEQUENCES - 1;

/** The sequence with the next larger end (by: 1) or the next smaller one (by: -1). */
function beside(ends, number, by) {
  const ranked = [...NUMBERS].sort((a, b) => ends[a] - ends[b] || a - b);
  return ranked[Math.max(0, Math.min(SEQUENCES - 1, ranked.indexOf(number) + by))];
}

const flips = Array.from({length: TOSSED}, (_, i) => ({
  panel: "tosses",
  label: ({settings}) => `toss ${i}: ${tossOf(settings.chosen, i)}`,
  area: ({panels: {tosses: panel}}) => [first(panel) + i - 0.46, 0.02, first(panel) + i + 0.46, 0.98],
  press: ({settings}) => ({chosen: flipped(settings.chosen, i)}),
}));

const picks = ["forward", "backward"].map(order => ({
  panel: "ends",
  label: `end of ${order}: choose a sequence`,
  axis: "x",
  color: order,
  keyStep: STEP,
  when: live => live.hovered === undefined || document.activeElement?.getAttribute("role") === "slider",
  at: ({states, settings: {chosen}}) => [states[order][chosen], SIDES[order].base],
  move({states, settings: {chosen}}, [x]) {
    const by = x - states[order][chosen],
      ends = states[order];
    return {
      chosen: [1, 5].some(k => Math.abs(Math.abs(by) - k * STEP) < EXACT)
        ? beside(ends, chosen, Math.round(by / STEP))
        : nearest(ends, x),
    };
  },
  say: ({states, settings: {chosen}}) => `${tossesOf(chosen).join(" ")} ends at ${short(states[order][chosen])}`,
}));

export default figure({
  label: "The ends of all sequences of eight tosses, forward and backward",
  settings: ["lr", "start", "chosen", "shade"],
  states: sameLawStates,
  panels: [
    {name: "tosses", title: "", x: [0, 20], y: [0, 1], bare: true, height: 46, basis: 900},
    {name: "ends", title: "", x: [0, 1], y: [0, 100], bare: true, height: 300, basis: 900, marginRight: 8},
  ],
  handles: [
    {
      panel: "ends",
      hover(live, point, held) {
        const number = point ? nearest(live.states[point[1] > 53 ? "forward" : "backward"], point[0]) : undefined;
        live.hovered = held ? undefined : number;
        live.touch();
        return held ? {chosen: number} : null;
      },
    },
    ...flips,
    ...picks,
  ],
  controls: [
    slider("lr", "learning rate h", 0.1, 0.9, 0.01),
    choice("shade", "dark: 1 at the", [
      ["oldest", "oldest toss"],
      ["newest", "newest toss"],
    ]),
  ],
  draw(live) {
    drawTosses(live);
    drawEnds(live);
  },
  title(live) {
    const number = shown(live),
      {forward, backward, gap} = live.states;
    const word = tossesOf(number),
      [f, b] = [forward[number], backward[number]].map(end => short(end));
    const mirrored = word.join() === [...word].reverse().join();
    if (gap[number] < EXACT)
      return `${word.join(" ")}${mirrored ? " reads the same from both ends" : ""}: both orders take it to ${f}`;
    return `${word.join(" ")}: ${tint("forward", `forward takes it to ${f}`)}, ${tint("backward", `backward to ${b}`)}`;
  },
  read({states: {forward, backward}}) {
    const [f, b] = [forward, backward].map(ends => [...ends].sort((p, q) => p - q));
    const off = Math.max(...f.map((v, i) => Math.abs(v - b[i])));
    const both = ["forward", "backward"].map(order => `the ${SEQUENCES} ends of ${tint(order, order, "b")}`);
    return `Sorted, ${both.join(" and ")} differ by <b>${off < EXACT ? "0" : short(off)}</b>`;
  },
  goals: [
    {
      text: "Choose a sequence with both 0 and 1 in it that both orders take to the same place.",
      reached: ({settings: {chosen}, states: {gap}}) => isMixed(chosen) && gap[chosen] < EXACT,
    },
    {
      text: "Choose a sequence that the two orders take as far apart as any.",
      reached: ({settings: {chosen}, states: {gap}}) => gap[chosen] > Math.max(...gap) - EXACT,
    },
  ],
});
