// Figures as people read them. Times are in nanoseconds.

const UNITS = [["ns", 1], ["µs", 1e3], ["ms", 1e6], ["s", 1e9]];

/** Three digits that count: 2.01, 35.2, 350. */
function digits(value) {
  return value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);
}

/** Such as "2.01 s", "350 ms" or "2 min 5 s". */
function duration(ns) {
  if (ns <= 0) return "0 s";
  if (ns >= 120e9) {
    const s = Math.round(ns / 1e9);
    return s >= 7200 ? `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min` : `${Math.floor(s / 60)} min ${s % 60} s`;
  }
  let unit = 0;
  while (unit < 3 && ns / UNITS[unit][1] >= 999.5) unit++;
  return `${unit === 0 ? Math.round(ns) : digits(ns / UNITS[unit][1])} ${UNITS[unit][0]}`;
}

/** A point of a scale, written as its step asks for: 1.20 s beside 1.25 s. */
function tickText(ns, step) {
  if (ns === 0) return "0";
  const sign = ns < 0 ? "−" : "";
  const at = Math.abs(ns);
  if (step >= 60e9) {
    const s = Math.round(at / 1e9);
    return sign + (s % 3600 === 0 ? `${s / 3600} h` : s >= 3600 ? `${Math.floor(s / 3600)} h ${Math.round(s % 3600 / 60)} min` : `${s / 60} min`);
  }
  let unit = at >= 1e9 ? 3 : at >= 1e6 ? 2 : at >= 1e3 ? 1 : 0;
  // With more than four decimals the smaller unit reads better, unless it is far too small.
  while (unit > 0 && UNITS[unit][1] / step > 1e4 && at / UNITS[unit - 1][1] < 1e6) unit--;
  const [name, size] = UNITS[unit];
  const decimals = Math.max(0, Math.ceil(Math.log10(size / step) - 1e-9));
  const text = (at / size).toFixed(Math.min(9, decimals));
  return `${sign}${text.includes(".") ? text.replace(/\.?0+$/, "") : text} ${name}`;
}

const MINUTES = [60e9, 120e9, 300e9, 600e9, 1800e9, 3600e9, 7200e9, 18000e9, 36000e9, 86400e9];

/** The smallest round step of at least this size. */
function roundStep(least) {
  if (least > 30e9) return MINUTES.find(step => step >= least) ?? Math.ceil(least / 86400e9) * 86400e9;
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-3)));
  for (const factor of [1, 2, 5, 10]) {
    const step = factor * power;
    if (step >= least * (1 - 1e-9)) return step === 50e9 ? 60e9 : step;
  }
  return 10 * power;
}

const count = n => n.toLocaleString("en");
