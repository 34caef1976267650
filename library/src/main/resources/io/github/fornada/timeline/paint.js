// Draws rows of bars. A bar under a pixel wide adds its part to the pixel's shade, so that what is
// drawn is right on average; a failure always shows.

/** Worse outcomes are drawn over better ones. */
const WEIGHT = [0, 3, 2, 1, 4];

/** The bars of one lane, in a row that is high enough to be told from its neighbours. */
function paintRow(g, track, lane, view, left, width, top, height) {
  const scale = width / view.span;
  const stop = track.laneFrom[lane + 1];
  const {start, end, kind} = track;
  let pixel = -1; // the pixel that small bars are added up in
  let filled = 0;
  let worst = 0;
  const flush = () => {
    if (pixel < 0) return;
    const bad = worst !== 0;
    g.globalAlpha = bad ? 1 : Math.min(1, .18 + .82 * filled);
    g.fillStyle = theme.kinds[worst];
    g.fillRect(left + pixel, bad ? top - 1 : top, bad ? 2 : 1, bad ? height + 2 : height);
    g.globalAlpha = 1;
    pixel = -1;
    filled = 0;
    worst = 0;
  };
  for (let i = track.firstAfter(lane, view.from); i < stop && start[i] < view.to; i++) {
    const x0 = (start[i] - view.from) * scale;
    const x1 = (end[i] - view.from) * scale;
    if (x1 < 0) continue;
    const outcome = kind[i] & 7;
    if (x1 - x0 < 2) {
      const at = Math.min(width - 1, Math.max(0, Math.floor(x0)));
      if (at !== pixel) {
        flush();
        pixel = at;
      }
      filled += x1 - x0;
      if (WEIGHT[outcome] > WEIGHT[worst]) worst = outcome;
      continue;
    }
    flush();
    paintBar(g, outcome, left + Math.max(0, x0), left + Math.min(width, x1), top, height, x0 >= 0, x1 <= width);
  }
  flush();
}

/** One bar, its ends open where it goes on out of view. */
function paintBar(g, outcome, x0, x1, row, rowHeight, hasStart, hasEnd) {
  // What went wrong stands out by its shape too, however narrow it is.
  const out = outcome === 0 || outcome === 3 || rowHeight < 5 ? 0 : 2;
  const top = row - out;
  const height = rowHeight + 2 * out;
  const gap = hasEnd && x1 - x0 >= 4 ? 1 : 0;
  const w = Math.max(1, x1 - x0 - gap);
  const round = Math.min(2.5, height / 3, w / 3);
  g.beginPath();
  g.roundRect(x0, top, w, height, [hasStart ? round : 0, hasEnd ? round : 0, hasEnd ? round : 0, hasStart ? round : 0]);
  g.fillStyle = theme.kinds[outcome];
  if (outcome === 3) {
    g.globalAlpha = .35;
    g.fill();
    g.globalAlpha = 1;
    g.strokeStyle = theme.kinds[3];
    g.lineWidth = 1;
    g.stroke();
    return;
  }
  g.fill();
  if (outcome === 0 || w < 8 || height < 8) return;
  // Marks that tell the outcomes apart without colour.
  g.save();
  g.clip();
  g.strokeStyle = theme.panel;
  g.lineWidth = 1.5;
  g.beginPath();
  if (outcome === 1) {
    // a cross, in the middle of what is seen
    const r = Math.min(w, height) / 2 - 1;
    const x = x0 + w / 2;
    const y = top + height / 2;
    g.moveTo(x - r, y - r);
    g.lineTo(x + r, y + r);
    g.moveTo(x + r, y - r);
    g.lineTo(x - r, y + r);
  } else if (outcome === 2) {
    for (let x = x0 - height + (6 - x0 % 6); x < x0 + w; x += 6) {
      g.moveTo(x, top + height);
      g.lineTo(x + height, top);
    }
  } else {
    g.moveTo(x0, top + height / 2);
    g.lineTo(x0 + w, top + height / 2);
  }
  g.stroke();
  g.restore();
}

const raster = document.createElement("canvas");

/** All lanes in a height with less than a few pixels for each: how busy they are, as shades. */
function paintDense(g, track, view, left, width, top, height) {
  const lanes = track.lanes.length;
  const ratio = window.devicePixelRatio || 1;
  const cols = Math.max(1, Math.round(width * ratio));
  const rows = Math.max(1, Math.min(lanes, Math.round(height * ratio)));
  const busy = new Float32Array(rows * cols);
  const worst = new Uint8Array(rows * cols);
  const members = new Float32Array(rows);
  const scale = cols / view.span;
  const {start, end, kind} = track;
  for (let lane = 0; lane < lanes; lane++) {
    const row = Math.floor(lane * rows / lanes);
    members[row]++;
    const base = row * cols;
    const stop = track.laneFrom[lane + 1];
    for (let i = track.firstAfter(lane, view.from); i < stop && start[i] < view.to; i++) {
      const x0 = Math.max(0, (start[i] - view.from) * scale);
      const x1 = Math.min(cols, (end[i] - view.from) * scale);
      if (x1 < 0) continue;
      const first = Math.min(cols - 1, Math.floor(x0));
      const last = Math.min(cols - 1, Math.floor(x1));
      const outcome = kind[i] & 7;
      if (first === last) {
        busy[base + first] += x1 - x0;
      } else {
        busy[base + first] += first + 1 - x0;
        for (let x = first + 1; x < last; x++) busy[base + x]++;
        busy[base + last] += x1 - last;
      }
      if (outcome !== 0) {
        // A few pixels wide and high, so that a single one among thousands is seen.
        const thick = outcome === 3 ? 0 : Math.ceil(ratio);
        for (let y = Math.max(0, row - thick); y <= Math.min(rows - 1, row + thick); y++) {
          for (let x = first; x <= Math.min(cols - 1, Math.max(last, first + 2 * thick)); x++) {
            if (WEIGHT[outcome] > WEIGHT[worst[y * cols + x]]) worst[y * cols + x] = outcome;
          }
        }
      }
    }
  }
  raster.width = cols;
  raster.height = rows;
  const shades = raster.getContext("2d");
  const image = shades.createImageData(cols, rows);
  const colours = theme.kinds.map(rgb);
  for (let p = 0; p < busy.length; p++) {
    const part = busy[p] / members[Math.floor(p / cols)];
    if (part === 0 && worst[p] === 0) continue;
    const [r, gr, b] = colours[worst[p]];
    image.data[4 * p] = r;
    image.data[4 * p + 1] = gr;
    image.data[4 * p + 2] = b;
    image.data[4 * p + 3] = worst[p] !== 0 ? 255 : 255 * Math.min(1, .25 + .75 * part);
  }
  shades.putImageData(image, 0, 0);
  g.imageSmoothingEnabled = false;
  g.drawImage(raster, left, top, width, height);
}

/** The parts of a colour written as #rrggbb. */
function rgb(colour) {
  const n = parseInt(colour.slice(1, 7), 16);
  return [n >> 16, n >> 8 & 255, n & 255];
}

/** Tasks in progress: the mean of each pixel's time, as an area. */
function paintLevels(g, levels, view, wall, left, width, height) {
  if (levels.most === 0) return;
  const top = left === 0 ? 22 : 8; // where there is no room at the left, the words stand above
  const scale = (height - top) / levels.most;
  g.beginPath();
  g.moveTo(left, height);
  let before = levels.areaTo(view.from);
  const stop = Math.min(width, Math.ceil((wall - view.from) * width / view.span));
  for (let x = 0; x < stop; x++) {
    const t = view.from + (x + 1) * view.span / width;
    const area = levels.areaTo(t);
    const y = height - (area - before) * width / view.span * scale;
    g.lineTo(left + x, y);
    g.lineTo(left + x + 1, y);
    before = area;
  }
  g.lineTo(left + Math.max(0, stop), height);
  g.closePath();
  g.fillStyle = theme.accentSoft;
  g.fill();
  g.strokeStyle = theme.accent;
  g.lineWidth = 1.25;
  g.stroke();
}

/** Light lines down at the round times, and a stronger one where the run ended; returns where. */
function paintGrid(g, view, wall, left, width, height) {
  const scale = width / view.span;
  g.fillStyle = theme.rule;
  for (const t of view.ticks(width).ticks) g.fillRect(Math.round(left + (t - view.from) * scale), 0, 1, height);
  const end = left + (wall - view.from) * scale;
  if (end < left || end > left + width) return Infinity;
  g.fillStyle = theme.paper;
  g.fillRect(end, 0, left + width - end, height);
  g.fillStyle = theme.soft;
  g.fillRect(Math.round(end), 0, 1, height);
  return end;
}

/** The common scale above all timelines. */
function paintAxis(canvas, view) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const g = prepared(canvas, width, height);
  const left = gutter(width);
  const room = width - left;
  const {step, ticks} = view.ticks(room);
  g.font = `12px ${theme.sans}`;
  g.textBaseline = "middle";
  for (const t of ticks) {
    const x = left + (t - view.from) * room / view.span;
    g.fillStyle = theme.soft;
    g.fillRect(Math.round(x), height - 5, 1, 5);
    const text = tickText(t, step);
    const half = g.measureText(text).width / 2;
    g.fillText(text, Math.min(width - 2 * half - 1, Math.max(1, x - half)), height / 2 - 2);
  }
}
