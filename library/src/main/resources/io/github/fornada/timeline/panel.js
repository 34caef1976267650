// One run on the page: tasks in progress above, a row for each worker below.

const ROW = 20; // height of a row, with its gap
const ALL_ROWS = [120, 240]; // height of all rows together where there are many: at least, at most
const FEW = 12; // so many rows need no fitting
const READABLE = 3; // rows under this height are drawn as shades

class Panel {
  constructor(article, track, view) {
    this.track = track;
    this.view = view;
    this.chart = article.querySelector(".chart");
    this.area = article.querySelector(".area");
    this.scroller = article.querySelector(".lanes");
    this.canvas = this.scroller.querySelector("canvas");
    this.space = article.querySelector(".space");
    this.cursor = article.querySelector(".cursor");
    this.pick = article.querySelector(".pick");
    this.button = article.querySelector(".rows");
    this.fitted = track.lanes.length > FEW;
    this.visible = true;
    this.picked = -1;
    this.button.hidden = !this.fitted;
    this.button.addEventListener("click", () => {
      this.fitted = !this.fitted;
      this.layOut();
    });
    this.scroller.addEventListener("scroll", () => this.draw());
    new IntersectionObserver(([entry]) => {
      this.visible = entry.isIntersecting;
      if (this.visible) this.draw();
    }, {rootMargin: "200px"}).observe(this.chart);
    new ResizeObserver(() => this.layOut()).observe(this.chart);
    view.watchers.push(() => this.draw());
    this.layOut();
  }

  layOut() {
    const lanes = Math.max(1, this.track.lanes.length);
    this.width = this.chart.clientWidth;
    this.left = gutter(this.width);
    const fitting = Math.min(ALL_ROWS[1], Math.max(ALL_ROWS[0], lanes * 4));
    this.rowHeight = this.fitted ? fitting / lanes : ROW;
    this.total = Math.max(1, this.rowHeight * lanes);
    this.height = Math.min(this.total, 400) + 6;
    this.scroller.classList.toggle("long", this.total > 400);
    this.scroller.style.height = `${this.height}px`;
    // A scroll bar covers the right end of the drawing and leaves the scale as it is in all others:
    // what is under it can be moved into view.
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.space.style.height = `${Math.max(0, this.total + 6 - this.height)}px`;
    this.button.textContent = this.fitted ? `One row a worker (${count(lanes)})` : "All rows in view";
    this.draw();
  }

  /** The width of the drawings: the same in every panel, and that of the common scale. */
  get room() {
    return this.width - this.left;
  }

  draw() {
    if (this.pending || !this.visible) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.paint();
    });
  }

  paint() {
    const {track, view, left, width, height, rowHeight} = this;
    const room = this.room;
    if (room <= 0) return;
    const areaHeight = this.area.clientHeight;
    const above = prepared(this.area, width, areaHeight);
    const end = paintGrid(above, view, track.wall, left, room, areaHeight);
    paintLevels(above, track.levels, view, track.wall, left, room, areaHeight);
    const wall = duration(track.wall);
    above.font = `600 12px ${theme.sans}`;
    above.textBaseline = "middle";
    above.fillStyle = theme.ink;
    if (end + 14 + above.measureText(wall).width < left + room) above.fillText(wall, end + 8, areaHeight / 2 + 1);
    above.font = `11px ${theme.sans}`;
    above.fillStyle = theme.soft;
    above.textBaseline = "top";
    const most = `at most ${count(track.levels.most)}`;
    if (left > 0) {
      above.fillText("in flight", 10, 16);
      above.fillText(most, 10, 31);
    } else {
      above.fillText(`in flight, ${most}`, 6, 6);
    }

    const g = prepared(this.canvas, width, height);
    paintGrid(g, view, track.wall, left, room, height);
    const scrolled = this.scroller.scrollTop;
    if (rowHeight < READABLE) {
      paintDense(g, track, view, left, room, 3, height - 6);
      this.name(g, 0, 3, 12);
      this.name(g, track.lanes.length - 1, height - 15, 12);
    } else {
      const first = Math.max(0, Math.floor((scrolled - 3) / rowHeight));
      const last = Math.min(track.lanes.length - 1, Math.ceil((scrolled + height) / rowHeight));
      const gap = rowHeight >= 12 ? 4 : rowHeight >= 6 ? 2 : 1;
      const nth = Math.ceil(13 / rowHeight);
      for (let lane = first; lane <= last; lane++) {
        const top = 3 + lane * rowHeight - scrolled;
        this.paintStarts(g, lane, room, top + gap / 2, rowHeight - gap);
        paintRow(g, track, lane, view, left, room, top + gap / 2, rowHeight - gap);
        if (lane % nth === 0) this.name(g, lane, top, rowHeight);
      }
      this.paintDeaths(g, room, scrolled);
    }
    this.placePick();
  }

  name(g, lane, top, height) {
    if (this.left === 0 || lane < 0) return;
    g.font = `11px ${theme.sans}`;
    g.fillStyle = theme.soft;
    g.textBaseline = "middle";
    let name = this.track.lanes[lane];
    while (name.length > 4 && g.measureText(name).width > this.left - 18) name = `…${name.slice(2)}`;
    g.fillText(name, 10, top + height / 2 + .5);
  }

  /** A worker process on its way to its first task. */
  paintStarts(g, lane, room, top, height) {
    const scale = room / this.view.span;
    g.fillStyle = theme.rule;
    for (const [of, from, to] of this.track.starts) {
      if (of !== lane || to < this.view.from || from > this.view.to) continue;
      const x0 = Math.max(0, (from - this.view.from) * scale);
      const x1 = Math.min(room, (to - this.view.from) * scale);
      if (x1 > x0) g.fillRect(this.left + x0, top, x1 - x0, height);
    }
  }

  /** A worker process that died: a stroke across its row. */
  paintDeaths(g, room, scrolled) {
    g.fillStyle = theme.kinds[4];
    for (const [lane, at] of this.track.deaths) {
      const x = this.left + (at - this.view.from) * room / this.view.span;
      if (x >= this.left && x < this.left + room) g.fillRect(x, 3 + lane * this.rowHeight - scrolled, 2, this.rowHeight);
    }
  }

  /** Whether a point of the chart is on the rows' scroll bar. */
  isScrollBar(x, y) {
    return x >= this.scroller.clientWidth && y >= this.scroller.offsetTop;
  }

  timeAt(x) {
    return this.view.from + (x - this.left) * this.view.span / this.room;
  }

  xOf(t) {
    return this.left + (t - this.view.from) * this.room / this.view.span;
  }

  /** The lanes drawn at this height of the chart; [from, to), empty above and below them. */
  lanesAt(y) {
    const at = y - this.scroller.offsetTop + this.scroller.scrollTop - 3;
    const lanes = this.track.lanes.length;
    if (at < 0 || at >= this.total || y < this.scroller.offsetTop) return [0, 0];
    const lane = Math.min(lanes - 1, Math.floor(at / this.rowHeight));
    return [lane, Math.min(lanes, Math.max(lane + 1, Math.ceil((at + 1) / this.rowHeight)))];
  }

  /** The bar at a point, the worst if there are several, and how many there are; null if none. */
  barAt(x, y) {
    if (x < this.left || this.isScrollBar(x, y)) return null;
    const [first, last] = this.lanesAt(y);
    const from = this.timeAt(x - 1);
    const to = this.timeAt(x + 1);
    const {start, end, kind, laneFrom} = this.track;
    let found = -1;
    let many = 0;
    for (let lane = first; lane < last; lane++) {
      for (let i = this.track.firstAfter(lane, from); i < laneFrom[lane + 1] && start[i] < to; i++) {
        many++;
        if (found < 0 || WEIGHT[kind[i] & 7] > WEIGHT[kind[found] & 7]
            || (WEIGHT[kind[i] & 7] === WEIGHT[kind[found] & 7] && end[i] - start[i] > end[found] - start[found])) found = i;
      }
    }
    return found < 0 ? null : {bar: found, many};
  }

  /** Puts the frame around the picked bar. */
  placePick() {
    const i = this.picked;
    const lane = i < 0 ? 0 : this.track.laneOf(i);
    const top = this.scroller.offsetTop + 3 + lane * this.rowHeight - this.scroller.scrollTop;
    const x0 = i < 0 ? 0 : Math.max(this.left, this.xOf(this.track.start[i]));
    const x1 = i < 0 ? 0 : Math.min(this.left + this.room, this.xOf(this.track.end[i]));
    const high = Math.max(4, this.rowHeight);
    this.pick.hidden = i < 0 || x1 < this.left || x0 > this.left + this.room
      || top < this.scroller.offsetTop - high || top > this.chart.clientHeight;
    if (this.pick.hidden) return;
    this.pick.style.transform = `translate(${x0 - 2}px, ${top - 1}px)`;
    this.pick.style.width = `${Math.max(4, x1 - x0) + 3}px`;
    this.pick.style.height = `${high + 2}px`;
  }
}
