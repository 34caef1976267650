// Puts the page together.

async function start() {
  readTheme();
  const articles = [...document.querySelectorAll(".run")];
  const tracks = await Promise.all(articles.map(Track.read));
  const view = new View(tracks.reduce((most, track) => Math.max(most, track.wall), 0));
  const tip = new Tip();
  const panels = articles.map((article, i) => new Panel(article, tracks[i], view));
  for (const panel of panels) listen(panel, panels, view, tip);

  // A tip stays where it is when the page moves below it.
  for (const moves of ["wheel", "touchmove"]) addEventListener(moves, () => tip.hide(), {passive: true});

  const axis = document.getElementById("axis");
  let pending = false;
  const drawAxis = () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      paintAxis(axis, view);
    });
  };
  view.watchers.push(drawAxis);
  new ResizeObserver(drawAxis).observe(axis);

  const scale = new DurationScale(tracks);
  const histograms = [...document.querySelectorAll(".histogram")].map((figure, i) => new Histogram(figure, tracks[i], scale));

  document.getElementById("zoom-in").addEventListener("click", () => view.zoom(1 / 1.5));
  document.getElementById("zoom-out").addEventListener("click", () => view.zoom(1.5));
  document.getElementById("zoom-reset").addEventListener("click", () => view.reset());

  // The legend names only what is there.
  for (const entry of document.querySelectorAll("#legend li")) {
    const kind = entry.className.slice("kind-".length);
    entry.hidden = kind === "start"
      ? !tracks.some(track => track.starts.length > 0)
      : !tracks.some(track => track.seen.has(Number(kind)));
  }

  const drawAll = () => {
    readTheme();
    for (const panel of panels) panel.draw();
    for (const histogram of histograms) histogram.paint();
    drawAxis();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", drawAll);
  document.documentElement.dataset.ready = "true";
}

start().catch(error => {
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = `The drawings could not be made: ${error.message}`;
  document.getElementById("bar").after(note);
  throw error;
});
