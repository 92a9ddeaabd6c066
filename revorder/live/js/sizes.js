// A panel of sizes against the learning rate, both logarithmic: a power of h is a straight line.

import {short} from "./basics.js";

const TICKS = [0.01, 0.03, 0.1, 0.3, 1];

export const SIZES_PANEL = {
  name: "sizes", title: "Against h; wide: slopes 2 and 3", x: [-2, 0.05], y: [1e-7, 10], logY: true,
  xticks: TICKS.map(h => [Math.log10(h), short(h)]), yticks: [1e-6, 1e-4, 1e-2, 1].map((v, i) => [v, ["1e−6", "1e−4", "0.01", "1"][i]]),
  xlabel: "learning rate h",
};

/** Lines of [name, colour, slope of its guide, value at `now`, values]; a size of 0 has no place on the axis. */
export function drawSizes(live, rates, lines, now) {
  const {panels: {sizes: panel}, theme} = live, xs = rates.map(Math.log10), smallest = rates.indexOf(Math.min(...rates));
  panel.begin(theme);
  panel.clipped(() => {
    panel.path([[Math.log10(now), panel.y[0]], [Math.log10(now), panel.y[1]]], {color: theme.line, width: 1.2, dash: [2, 3]});
    for (const [, color, slope, value, values] of lines) {
      if (!(values[smallest] > 0)) continue;
      panel.line(xs, rates.map(h => values[smallest] * (h / rates[smallest]) ** slope), {color: theme.grid, width: 8});
      panel.line(xs, values.map(v => v > 0 ? v : NaN), {color: theme[color], width: 2});
      panel.dot(Math.log10(now), value > 0 ? value : NaN, {color: theme[color], size: 5});
    }
  });
  lines.forEach(([name, color, , , values], i) => {
    if (values[smallest] > 0) panel.text(xs[smallest], values[smallest], name, {color: theme[color], bold: true, dx: i ? 10 : 2, dy: i ? 13 : -14});
    else panel.text(panel.x[0], i ? 1e-6 : 1e-2, `${name}: 0 at every h`, {color: theme[color], dx: 8});
  });
}
