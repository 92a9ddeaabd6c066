// Means over seeds, and intervals that say how well so many seeds know them.

/** The geometric mean of values, and its 95 % interval; quantile: of Student's t for so many values. */
export function geometric(values, quantile) {
  const logs = values.map(Math.log), n = logs.length, mean = logs.reduce((a, b) => a + b, 0) / n;
  const error = Math.sqrt(logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1) / n);
  return [mean, mean - quantile * error, mean + quantile * error].map(Math.exp);
}

/** What an interval of a ratio says: 1 above 1, -1 below, 0 neither. */
export function side([, low, high]) {
  return low > 1 ? 1 : high < 1 ? -1 : 0;
}
