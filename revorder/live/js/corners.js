// What the figures on a triangle share: how corners and dots look.

export const CORNER_COLOURS = ["fourth", "other", "fifth"]; // names of the theme; forward and backward have their own

/** Dots are large while they are few. */
export function dotSize(count) {
  const step = [[40, 6], [150, 4.5], [600, 3.2], [2500, 2.2], [8000, 1.7]].find(([most]) => count < most);
  return step ? step[1] : 1.4;
}

export function counted(n) {
  return n.toLocaleString("en");
}

/** Change the line above a panel. */
export function name(panel, text) {
  if (panel.title.textContent !== text) panel.title.textContent = text;
}

/** The number of each corner, beside it and away from the middle. */
export function numberCorners(panel, corners, color, away = 17) {
  const middle = ["X", "Y"].map((axis, d) => corners.reduce((sum, corner) => sum + panel[axis](corner[d]) / 3, 0));
  corners.forEach(([x, y], i) => {
    const dx = panel.X(x) - middle[0], dy = panel.Y(y) - middle[1], size = Math.hypot(dx, dy) || 1;
    const aside = away * (Math.abs(dx) < 0.2 * size ? 1 : dx / size), style = {color, align: "center", bold: true};
    panel.text(x, y, String(i), {...style, dx: aside, dy: 0.35 * away * dy / size});
  });
}

/** An outline through points. */
export function outline(panel, points, style) {
  panel.path([...points, points[0]], style);
}
