// Means over seeds, and intervals that say how well so many seeds know them.

export const meanOf = values => values.reduce((sum, value) => sum + (value ?? NaN), 0) / values.length;

/** The mean of values, and Student's interval for it; quantile: of Student's t for so many values. */
export function student(values, quantile) {
  const n = values.length, mean = meanOf(values);
  const error = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1) / n);
  return [mean, mean - quantile * error, mean + quantile * error];
}

/** The geometric mean of values, and its interval. */
export const geometric = (values, quantile) => student(values.map(Math.log), quantile).map(Math.exp);

/** What an interval of a ratio says: 1 above 1, -1 below, 0 neither. */
export function side([, low, high]) {
  return low > 1 ? 1 : high < 1 ? -1 : 0;
}
