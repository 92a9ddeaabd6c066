// How much of the gap the bracket misses in recorded networks: at one learning rate for all sizes, and for one size.

const FITTED = 0.003; // slopes are fitted over learning rates from this one on

/** The slope of the straight line that fits log y against log x best. */
function slopeOf(xs, ys) {
  const [us, vs] = [xs, ys].map(each => each.map(Math.log)), mean = of => of.reduce((a, b) => a + b, 0) / of.length;
  const [mu, mv] = [mean(us), mean(vs)];
  return us.reduce((sum, u, i) => sum + (u - mu) * (vs[i] - mv), 0) / us.reduce((sum, u) => sum + (u - mu) ** 2, 0);
}

/** map: shares (widths, sizes) at lr; gap, error: medians by rate; share: quartiles by rate; other: the other activation's
 *  median shares by rate; slopes: of gap and error. */
export function kinksStates({recording, activation, width, batch_size, lr}) {
  const {widths, sizes, rates} = recording, own = recording[activation];
  const w = widths.indexOf(width), b = sizes.indexOf(batch_size), h = rates.indexOf(lr);
  const gap = own.gap[w][b], error = own.error[w][b], late = rates.map((_, i) => i).filter(i => rates[i] >= FITTED);
  const pick = values => late.map(i => values[i]);
  return {
    at: [w, b, h], gap, error,
    map: own.middle.map(row => row.map(each => each[h])),
    share: ["low", "middle", "high"].map(name => own[name][w][b]),
    other: recording[activation === "ReLU" ? "tanh" : "ReLU"].middle[w][b],
    slopes: [gap, error].map(values => slopeOf(pick(rates), pick(values))),
  };
}

/** What a test compares with NumPy. */
export function compared(settings) {
  const {map, gap, error, share, slopes} = kinksStates(settings);
  return {map, gap, error, share, slopes};
}
