// Pointer and keys on a panel, and the tip that tells of a task.

class Tip {
  constructor() {
    this.box = document.getElementById("tip");
    this.live = document.getElementById("live");
    this.asked = 0;
  }

  async show(panel, found, x, y, aloud) {
    const asked = ++this.asked;
    const {track} = panel;
    const i = found.bar;
    const label = await track.label(i);
    if (asked !== this.asked) return; // another one was asked for meanwhile
    const kind = track.kind[i];
    const share = track.share[i];
    const pid = track.pidOf(i);
    const lines = [
      `item ${count(track.index[i])} · ${OUTCOMES[kind & 7]}${kind & RETRIED ? ", tried again" : ""}`,
      `${duration(track.end[i] - track.start[i])}${share === 255 ? "" : ` · processor ${share} %`}`,
      `${track.lanes[track.laneOf(i)]}${pid === null ? "" : `, process ${pid}`} · at ${duration(track.start[i])}`,
    ];
    if (found.many > 1) lines.push(`and ${count(found.many - 1)} more here: zoom in`);
    const title = document.createElement("b");
    title.textContent = label || `item ${count(track.index[i])}`;
    this.box.replaceChildren(title, ...lines.map(line => {
      const span = document.createElement("span");
      span.textContent = line;
      return span;
    }));
    this.box.hidden = false;
    const {offsetWidth: w, offsetHeight: h} = this.box;
    const left = Math.max(8, Math.min(x + 14, document.documentElement.clientWidth - w - 8));
    const top = y + 18 + h > window.innerHeight ? y - h - 12 : y + 18;
    this.box.style.transform = `translate(${left}px, ${Math.max(8, top)}px)`;
    if (aloud) this.live.textContent = [title.textContent, ...lines].join(", ");
  }

  hide() {
    this.asked++;
    this.box.hidden = true;
  }
}

function listen(panel, panels, view, tip) {
  const {chart, track} = panel;
  const pointers = new Map();
  const point = event => {
    const box = chart.getBoundingClientRect();
    return [event.clientX - box.left - chart.clientLeft, event.clientY - box.top - chart.clientTop];
  };

  /** The same moment in every run, for comparing. */
  const setCursor = t => {
    for (const one of panels) {
      const x = one.xOf(t);
      one.cursor.hidden = t === null || x < one.left || x > one.left + one.room;
      if (!one.cursor.hidden) one.cursor.style.transform = `translateX(${x}px)`;
    }
  };

  const pick = (i, many) => {
    for (const one of panels) {
      one.picked = one === panel ? i : -1;
      one.placePick();
    }
    panel.many = many;
  };

  const hover = event => {
    const [x, y] = point(event);
    setCursor(x < panel.left ? null : panel.timeAt(x));
    const found = panel.barAt(x, y);
    pick(found ? found.bar : -1, found?.many);
    if (found) tip.show(panel, found, event.clientX, event.clientY, false);
    else tip.hide();
  };

  chart.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    // A press on the scroll bar is for the scroll bar.
    if (panel.isScrollBar(...point(event))) return;
    pointers.set(event.pointerId, event);
    chart.setPointerCapture(event.pointerId);
    chart.dataset.moved = "";
  });
  chart.addEventListener("pointermove", event => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      hover(event);
      return;
    }
    const moved = event.clientX - before.clientX;
    if (pointers.size === 1) {
      if (!chart.classList.contains("dragging") && Math.abs(moved) < 4) return;
      chart.classList.add("dragging");
      tip.hide();
      view.pan(-moved * view.span / panel.room);
    } else if (pointers.size === 2) {
      const [other] = [...pointers.values()].filter(p => p.pointerId !== event.pointerId);
      const was = Math.max(8, Math.abs(before.clientX - other.clientX));
      const is = Math.max(8, Math.abs(event.clientX - other.clientX));
      const middle = (point(event)[0] + point(other)[0]) / 2;
      view.zoom(was / is, panel.timeAt(middle));
    }
    pointers.set(event.pointerId, event);
  });
  const release = event => {
    const dragged = chart.classList.contains("dragging");
    if (!pointers.delete(event.pointerId)) return;
    if (pointers.size === 0) chart.classList.remove("dragging");
    if (event.type === "pointerup" && !dragged) hover(event); // a tap, on a screen without hover
  };
  chart.addEventListener("pointerup", release);
  chart.addEventListener("pointercancel", release);
  chart.addEventListener("pointerleave", () => {
    if (pointers.size > 0) return;
    setCursor(null);
    pick(-1);
    tip.hide();
  });
  chart.addEventListener("wheel", event => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      view.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 120), panel.timeAt(point(event)[0]));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      view.pan(event.deltaX * view.span / panel.room);
    } else {
      return; // the page or the rows scroll
    }
    hover(event);
  }, {passive: false});
  chart.addEventListener("dblclick", event => view.zoom(.4, panel.timeAt(point(event)[0])));

  /** Goes to a bar as if it had been pointed at, and tells of it. */
  const goTo = i => {
    if (i < 0 || i >= track.size) return;
    view.show(track.start[i], track.end[i]);
    chart.scrollIntoView({block: "nearest"});
    const lane = track.laneOf(i);
    const top = lane * panel.rowHeight;
    const {scroller} = panel;
    if (top < scroller.scrollTop || top + panel.rowHeight > scroller.scrollTop + panel.height) {
      scroller.scrollTop = top - panel.height / 2;
    }
    pick(i, 1);
    const box = chart.getBoundingClientRect();
    const x = Math.max(panel.left, panel.xOf(track.start[i]));
    const y = scroller.offsetTop + top - scroller.scrollTop + panel.rowHeight;
    tip.show(panel, {bar: i, many: 1}, box.left + x, box.top + y, true);
  };

  /** The bar of another lane nearest in time to the picked one. */
  const toLane = step => {
    const from = panel.picked;
    if (from < 0) return goTo(firstInView());
    const at = track.start[from];
    for (let lane = track.laneOf(from) + step; lane >= 0 && lane < track.lanes.length; lane += step) {
      if (track.laneFrom[lane + 1] > track.laneFrom[lane]) {
        return goTo(Math.min(track.firstAfter(lane, at), track.laneFrom[lane + 1] - 1));
      }
    }
  };
  const firstInView = () => {
    for (let lane = 0; lane < track.lanes.length; lane++) {
      const i = track.firstAfter(lane, view.from);
      if (i < track.laneFrom[lane + 1] && track.start[i] < view.to) return i;
    }
    return 0;
  };

  const keys = {
    ArrowLeft: () => view.pan(-view.span * .15),
    ArrowRight: () => view.pan(view.span * .15),
    ArrowUp: () => toLane(-1),
    ArrowDown: () => toLane(1),
    "+": () => view.zoom(1 / 1.5),
    "=": () => view.zoom(1 / 1.5),
    "-": () => view.zoom(1.5),
    "_": () => view.zoom(1.5),
    Home: () => view.reset(),
    n: () => goTo(panel.picked < 0 ? firstInView() : panel.picked + 1),
    p: () => goTo(panel.picked - 1),
    Escape: () => {
      pick(-1);
      tip.hide();
    },
  };
  chart.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    if (event.key.startsWith("Arrow") && (event.key === "ArrowLeft" || event.key === "ArrowRight")) tip.hide();
    act();
  });
  chart.addEventListener("blur", () => {
    pick(-1);
    tip.hide();
  });
}
