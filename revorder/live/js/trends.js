// Values along a path, and the straight line that fits them best.

/** The least-squares line through ys, at xs, its slope, and the spread about it: NaN if one of ys is not finite. */
export function aboutTrend(xs, ys) {
  const n = xs.length,
    mx = xs.reduce((a, b) => a + b, 0) / n,
    my = ys.reduce((a, b) => a + (b ?? NaN), 0) / n;
  let [sxy, sxx] = [0, 0];
  xs.forEach((x, i) => {
    sxy += (x - mx) * (ys[i] - my);
    sxx += (x - mx) ** 2;
  });
  const slope = sxx ? sxy / sxx : 0,
    line = xs.map(x => my + slope * (x - mx));
  return {slope, line, spread: Math.sqrt(ys.reduce((sum, y, i) => sum + (y - line[i]) ** 2, 0) / n)};
}
