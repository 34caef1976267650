// How long the tasks of a run took: on one scale for all runs, logarithmic where they differ much.

class DurationScale {
  constructor(tracks) {
    let least = Infinity;
    let most = 0;
    for (const track of tracks) {
      for (let i = 0; i < track.size; i++) {
        const d = Math.max(1, track.end[i] - track.start[i]);
        if (d < least) least = d;
        if (d > most) most = d;
      }
    }
    if (most === 0) [least, most] = [1e6, 1e9];
    this.isLog = most / least > 20;
    if (this.isLog) {
      this.from = Math.log(least) - .1;
      this.to = Math.log(most) + .1;
    } else {
      // From 0, so that a difference looks as large as it is.
      this.from = 0;
      this.to = most * 1.15;
    }
  }

  /** Where a duration lies, from 0 to 1. */
  place(d) {
    return ((this.isLog ? Math.log(Math.max(1, d)) : d) - this.from) / (this.to - this.from);
  }

  ticks(width) {
    const marks = [];
    if (this.isLog) {
      const factors = width / ((this.to - this.from) / Math.LN10) > 170 ? [1, 2, 5] : [1];
      for (let p = 0; p <= 18; p++) {
        for (const f of factors) {
          const d = f * 10 ** p;
          if (this.place(d) >= 0 && this.place(d) <= 1) marks.push([d, tickText(d, d)]);
        }
      }
    } else {
      const step = roundStep(this.to / Math.max(2, width / 80));
      for (let k = 0; k * step <= this.to; k++) marks.push([k * step, tickText(k * step, step)]);
    }
    return marks;
  }
}

class Histogram {
  constructor(figure, track, scale) {
    this.canvas = figure.querySelector("canvas");
    this.track = track;
    this.scale = scale;
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  paint() {
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    const g = prepared(this.canvas, width, height);
    const {track, scale} = this;
    const bins = Math.max(8, Math.min(80, Math.floor(width / 7)));
    const counts = new Int32Array(bins);
    const bad = new Int32Array(bins);
    for (let i = 0; i < track.size; i++) {
      const bin = Math.max(0, Math.min(bins - 1, Math.floor(scale.place(track.end[i] - track.start[i]) * bins)));
      counts[bin]++;
      if ((track.kind[i] & 7) !== 0) bad[bin]++;
    }
    const most = counts.reduce((a, b) => Math.max(a, b), 0);
    const floor = height - 22;
    const top = 18;
    g.fillStyle = theme.rule;
    g.fillRect(0, floor, width, 1);
    g.font = `11px ${theme.sans}`;
    g.textBaseline = "middle";
    let free = 0;
    for (const [d, text] of scale.ticks(width)) {
      const x = scale.place(d) * width;
      const half = g.measureText(text).width / 2;
      const at = Math.max(0, Math.min(width - 2 * half, x - half));
      g.fillStyle = theme.rule;
      g.fillRect(Math.round(x), floor, 1, 4);
      if (at < free) continue;
      free = at + 2 * half + 10;
      g.fillStyle = theme.soft;
      g.fillText(text, at, floor + 13);
    }
    if (most === 0) return;
    const step = width / bins;
    let label = -1;
    for (let b = 0; b < bins; b++) {
      if (counts[b] === 0) continue;
      // One among many is still a line.
      const high = Math.max(1.5, counts[b] / most * (floor - top));
      const x = Math.round(b * step);
      const w = Math.max(1, Math.round((b + 1) * step) - x - 1);
      g.fillStyle = theme.accent;
      g.fillRect(x, floor - high, w, high);
      if (bad[b] > 0) {
        const part = Math.max(1.5, bad[b] / counts[b] * high);
        g.fillStyle = theme.kinds[1];
        g.fillRect(x, floor - part, w, part);
      }
      if (counts[b] === most && label < 0) label = x + w / 2;
    }
    const text = `${count(most)} ${most === 1 ? "task" : "tasks"}`;
    const half = g.measureText(text).width / 2;
    g.fillStyle = theme.soft;
    g.fillText(text, Math.max(0, Math.min(width - 2 * half, label - half)), top - 9);
  }
}
