// What part of the time is seen: one view for all timelines.

class View {
  constructor(wall) {
    /** A little room behind the end, so that the longest run is seen to end. */
    this.full = Math.max(wall, 1) * 1.075;
    this.from = 0;
    this.to = this.full;
    this.least = Math.min(this.full, 1000);
    this.watchers = [];
  }

  get span() {
    return this.to - this.from;
  }

  set(from, span) {
    const width = Math.min(this.full, Math.max(this.least, span));
    this.from = Math.min(Math.max(0, from), this.full - width);
    this.to = this.from + width;
    for (const watcher of this.watchers) watcher();
  }

  pan(by) {
    this.set(this.from + by, this.span);
  }

  /** A factor under 1 shows less time; the time at `around` stays where it is. */
  zoom(factor, around = (this.from + this.to) / 2) {
    const span = Math.min(this.full, Math.max(this.least, this.span * factor));
    this.set(around - (around - this.from) * span / this.span, span);
  }

  reset() {
    this.set(0, this.full);
  }

  /** Moves as little as brings these times into view. */
  show(from, to) {
    const span = Math.max(this.span, (to - from) * 1.2);
    if (from < this.from) this.set(from - span * .1, span);
    else if (to > this.to) this.set(Math.min(from - span * .1, to - span * .9), span);
  }

  /** Round times in view, for lines and labels, about so many pixels apart. */
  ticks(width, apart = 90) {
    const step = roundStep(this.span / Math.max(1, width / apart));
    const ticks = [];
    for (let k = Math.ceil(this.from / step); k * step <= this.to; k++) ticks.push(k * step);
    return {step, ticks};
  }
}

/** The colours of the page, read again when it turns dark or light. */
const theme = {};
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const value = name => style.getPropertyValue(name).trim();
  Object.assign(theme, {
    paper: value("--paper"), panel: value("--panel"), ink: value("--ink"), soft: value("--soft"), rule: value("--rule"),
    accent: value("--accent"), accentSoft: value("--accent-soft"), sans: value("--sans"),
    kinds: [value("--accent"), value("--kind-1"), value("--kind-2"), value("--kind-3"), value("--kind-4")],
  });
}

/** Sizes a canvas to its place on the page, in device pixels, and gives its context in CSS pixels. */
function prepared(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio));
  const h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}

/** The width left of the drawings, for the names of rows. */
function gutter(width) {
  return width < 560 ? 0 : 96;
}
