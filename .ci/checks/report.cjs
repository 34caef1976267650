// Uses the sample reports in a browser as a person would, and says what does not hold.
// Usage: node report.cjs SAMPLES PROFILES (see report.sh)
const fs = require("node:fs");
const path = require("node:path");
const {open, show, settle} = require("../browser.cjs");

const [samples, profiles] = process.argv.slice(2);
const OPENS_WITHIN = 20_000; // ms; Guess: far above what is seen, far below what people bear
const FRAME_WITHIN = 250; // ms on the mean, on a slow machine without a GPU; Guess

let passed = 0;
let failed = 0;
function check(holds, what, seen = "") {
  if (holds) passed++;
  else failed++;
  console.log(`${holds ? "ok  " : "FAIL"}  ${what}${seen === "" ? "" : ` (${seen})`}`);
}

const file = name => path.join(samples, name);

/** A page that remembers its errors and whatever it asked for beside itself. */
async function watched(options) {
  const context = await open(profiles, options);
  const page = context.pages()[0];
  const seen = {errors: [], requests: []};
  page.on("console", message => {
    if (message.type() === "error" || message.type() === "warning") seen.errors.push(message.text());
  });
  page.on("pageerror", error => seen.errors.push(String(error)));
  page.on("request", request => {
    if (!request.isNavigationRequest() && !request.url().startsWith("data:")) seen.requests.push(request.url());
  });
  return {context, page, seen};
}

/** A number for what a canvas shows, and how many colours it has. */
const drawn = (page, selector) =>
  page.locator(selector).first().evaluate(canvas => {
    // Read from a copy: reading the page's own canvas would make the browser draw it differently.
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    const g = copy.getContext("2d", {willReadFrequently: true});
    g.drawImage(canvas, 0, 0);
    const {data} = g.getImageData(0, 0, copy.width, copy.height);
    const colours = new Set();
    let hash = 0;
    for (let i = 0; i < data.length; i += 4) {
      const colour = (data[i] << 24) | (data[i + 1] << 16) | (data[i + 2] << 8) | data[i + 3];
      if (data[i + 3] !== 0) colours.add(colour);
      hash = (Math.imul(hash, 31) + colour) | 0;
    }
    return {hash, colours: colours.size};
  });

async function largeReport() {
  const {context, page, seen} = await watched({viewport: {width: 1280, height: 900}});
  const began = Date.now();
  await show(page, file("large.html"));
  const took = Date.now() - began;
  check(took < OPENS_WITHIN, "a report of 3 x 100,000 tasks opens in time", `${took} ms`);
  const bars = await page.locator(".meta").evaluateAll(all => all.map(meta => JSON.parse(meta.textContent).bars));
  check(bars.every(n => n === 100_000), "every run has 100,000 bars", bars.join(", "));

  const lanes = ".lanes canvas";
  const whole = await drawn(page, lanes);
  check(whole.colours > 3, "bars are drawn", `${whole.colours} colours`);
  check((await drawn(page, ".area")).colours > 3, "tasks in progress are drawn");
  check((await drawn(page, ".histogram canvas")).colours > 2, "the histogram is drawn");
  const axis = await drawn(page, "#axis");

  const chart = page.locator(".chart").first();
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press("Tab");
    if (await chart.evaluate(e => e === document.activeElement)) break;
  }
  check(await chart.evaluate(e => e === document.activeElement), "the Tab key reaches a timeline");
  const outline = await chart.evaluate(e => getComputedStyle(e).outlineStyle);
  check(outline !== "none", "focus is visible", outline);

  const changes = async (key, what, from) => {
    await page.keyboard.press(key);
    await settle(page);
    const now = await drawn(page, lanes);
    check(now.hash !== from.hash, what);
    return now;
  };
  const zoomed = await changes("+", "+ zooms in", whole);
  check((await drawn(page, "#axis")).hash !== axis.hash, "the scale zooms with it");
  const panned = await changes("ArrowRight", "→ moves", zoomed);
  await changes("-", "− zooms out", panned);
  await page.keyboard.press("Home");
  await settle(page);
  check((await drawn(page, lanes)).hash === whole.hash, "Home shows the whole time again");

  const tip = page.locator("#tip");
  check(await tip.isHidden(), "no tip before it is asked for");
  await page.keyboard.press("n");
  await tip.waitFor({state: "visible"});
  check(/item 0 · done/.test(await tip.textContent()), "N tells of the first task", await tip.textContent());
  check((await page.locator("#live").textContent()).includes("item 0"), "and says it aloud");
  await page.keyboard.press("Escape");
  check(await tip.isHidden(), "Escape takes the tip away");

  await chart.scrollIntoViewIfNeeded();
  await settle(page);
  // A scroll that is still under way takes the tip away again, so the pointer moves on until it stays.
  for (let i = 0; i < 30 && !(await tip.isVisible()); i++) {
    const box = await page.locator(lanes).first().boundingBox();
    await page.mouse.move(box.x + box.width / 2 + i, box.y + box.height / 2);
    await tip.waitFor({state: "visible", timeout: 1000}).catch(() => {});
  }
  check(await tip.isVisible(), "the pointer shows a tip");
  check(/more here: zoom in/.test(await tip.textContent()), "the pointer tells of tasks under a pixel", await tip.textContent());

  // A frame is asked for after each step, so this is what a person sees of zooming and moving.
  const frames = await page.evaluate(async () => {
    const focus = document.querySelector(".chart");
    const steps = ["+", "+", "+", "ArrowRight", "ArrowRight", "+", "ArrowLeft", "-", "-", "-", "-", "Home"];
    const start = performance.now();
    for (const key of steps) {
      focus.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
      await new Promise(done => requestAnimationFrame(done));
    }
    return (performance.now() - start) / steps.length;
  });
  check(frames < FRAME_WITHIN, "zooming and moving is smooth", `${frames.toFixed(1)} ms a frame`);
  check(seen.errors.length === 0, "no errors on the console", seen.errors.join("; "));
  check(seen.requests.length === 0, "no requests", seen.requests.join(", "));
  await context.close();
}

async function manyRows() {
  const {context, page, seen} = await watched({viewport: {width: 1280, height: 900}});
  await show(page, file("waiting.html"));
  const button = page.locator(".rows").first();
  const dense = await drawn(page, ".lanes canvas");
  check(dense.colours > 3, "a thousand rows are drawn as shades");
  await button.click();
  await settle(page);
  const scrolls = await page.locator(".lanes").first().evaluate(e => {
    e.scrollTop = 5000;
    return e.scrollTop;
  });
  await settle(page);
  check(scrolls === 5000, "a row each scrolls");
  check((await drawn(page, ".lanes canvas")).hash !== dense.hash, "and is drawn there");
  check(seen.errors.length === 0, "no errors on the console of a thousand rows", seen.errors.join("; "));
  await context.close();
}

/** What a page that is not ours to trust could do: nothing. */
async function harmless(name) {
  const {context, page, seen} = await watched({viewport: {width: 1280, height: 900}});
  await show(page, name);
  const chart = page.locator(".chart").first();
  await chart.focus();
  await page.keyboard.press("n");
  await page.locator("#tip").waitFor({state: "visible"});
  const found = await page.evaluate(() => ({
    hacked: "hacked" in window,
    images: document.images.length,
    title: document.title,
    tip: document.getElementById("tip").textContent,
  }));
  await context.close();
  return {...found, ...seen};
}

async function hostileData() {
  const safe = await harmless(file("hostile.html"));
  check(!safe.hacked && safe.images === 0, "hostile data does not run and is no markup");
  check(safe.title.includes("</script><script>"), "it is shown as it is", safe.title);
  check(safe.tip.includes("window.hacked"), "in the tip too");
  check(safe.errors.length === 0 && safe.requests.length === 0, "and asks for nothing", [...safe.errors, ...safe.requests].join("; "));

  // The checks above must see harm where there is some.
  const harmed = path.join(profiles, "harmed.html");
  fs.writeFileSync(harmed, fs.readFileSync(file("hostile.html"), "utf8")
    .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "")
    .replace("<main>", "<main><script>window.hacked = 1</script><img src='nothing.png' alt=''>"));
  const seen = await harmless(harmed);
  check(seen.hacked && seen.images === 1 && seen.requests.length === 1 && seen.errors.length > 0, "planted harm is seen");

  // And without taking the policy away it must stop both.
  fs.writeFileSync(harmed, fs.readFileSync(file("hostile.html"), "utf8")
    .replace("<main>", "<main><script>window.hacked = 1</script><img src='nothing.png' alt=''>"));
  const stopped = await harmless(harmed);
  check(!stopped.hacked && stopped.errors.length >= 2, "the policy stops planted harm");
}

async function looks() {
  const backgrounds = {};
  const pictures = {};
  for (const colorScheme of ["light", "dark"]) {
    const {context, page} = await watched({viewport: {width: 1280, height: 900}, colorScheme});
    await show(page, file("mixed.html"));
    backgrounds[colorScheme] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    pictures[colorScheme] = (await drawn(page, ".lanes canvas")).hash;
    if (colorScheme === "dark") {
      await page.emulateMedia({colorScheme: "light"});
      await settle(page);
      check((await drawn(page, ".lanes canvas")).hash === pictures.light, "a change to light redraws");
    }
    await context.close();
  }
  check(backgrounds.light !== backgrounds.dark, "dark differs from light", `${backgrounds.light}, ${backgrounds.dark}`);
  check(pictures.light !== pictures.dark, "in the drawings too");

  for (const name of ["mixed.html", "hostile.html", "waiting.html", "large.html", "stages.html", "walls.html"]) {
    const {context, page} = await watched({viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true});
    await show(page, file(name));
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    check(width <= 360, `${name} fits a phone`, `${width} px`);
    await context.close();
  }

  {
    // On a phone each run is a column: the same figure of all runs stands side by side.
    const {context, page} = await watched({viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true});
    await show(page, file("mixed.html"));
    const cells = await page.locator("tbody tr").evaluateAll(all => all.map(row => [...row.children].map(cell => {
      const box = cell.getBoundingClientRect();
      return {left: Math.round(box.left), right: Math.round(box.right), top: Math.round(box.top), over: cell.scrollWidth - cell.clientWidth};
    })));
    const [first, ...others] = cells;
    check(cells.length === 4 && others.every(row => row.every((cell, i) => cell.top === first[i].top)),
      "a phone shows the same figure of all runs side by side", JSON.stringify(cells.map(row => row[1].top)));
    check(cells.every(row => row.every(cell => cell.right <= 360 && cell.over <= 0)), "and all of them within its width");
    await context.close();
  }

  const {context, page} = await watched({viewport: {width: 1280, height: 900}});
  await show(page, file("mixed.html"));
  const [marked] = await page.locator("tr.best a").evaluateAll(all => all.map(a => a.getAttribute("href")));
  const choice = await page.locator(".choice a").getAttribute("href");
  check(marked === choice && await page.locator(`${marked} .badge`).isVisible(),
    "the recommended run is marked in the table, beside the reason and above its timeline", `${marked}, ${choice}`);
  const broken = await page.locator("details.failure", {hasText: "no answer: broken"}).allTextContents();
  check(broken.length === 1 && broken[0].includes("in every run"), "an item that fails in every run is shown once",
    String(broken.length));
  const details = page.locator("details.failure").first();
  check(!(await details.locator("pre").isVisible()), "stacks are closed at first");
  await details.locator("summary").focus();
  await page.keyboard.press("Enter");
  check(await details.locator("pre").isVisible(), "a failure opens by key");
  check((await details.locator("pre").textContent()).includes("at "), "and shows its stack");
  const named = await page.locator("canvas[role=img]").evaluateAll(all => all.every(e => e.getAttribute("aria-label").length > 20));
  check(named, "every drawing says in words what it shows");
  await context.close();
}

/** The bands of a pipeline's stages: there, drawn, in words, and in both colour schemes. */
async function bands() {
  const fills = {};
  for (const colorScheme of ["light", "dark"]) {
    const {context, page, seen} = await watched({viewport: {width: 1280, height: 900}, colorScheme});
    await show(page, file("stages.html"));
    const all = await page.locator(".band").evaluateAll(all => all.map(band => ({
      busy: band.querySelector(".busy").getBoundingClientRect().width / band.getBoundingClientRect().width,
      room: band.querySelector(".room").getBoundingClientRect().width,
      depth: band.querySelector(".depth path").getBoundingClientRect().height,
      words: [...band.querySelectorAll("svg[role=img]")].every(svg => svg.getAttribute("aria-label").length > 20),
      fill: getComputedStyle(band.querySelector(".busy")).fill,
    })));
    fills[colorScheme] = all[0].fill;
    check(all.length === 3 && all.every(band => band.busy > 0.3 && band.words), `every stage has its band (${colorScheme})`,
      JSON.stringify(all));
    check(all[0].room > 0 && all[1].depth > 0, `waiting for room and the queue before the slow stage are drawn (${colorScheme})`);
    const rows = await page.locator("tbody tr").evaluateAll(all => all.map(row => ({
      name: row.querySelector("th a").textContent,
      slow: row.classList.contains("slow") && row.querySelector(".badge.slow") !== null,
      fill: getComputedStyle(row.children[1]).backgroundImage,
    })));
    check(rows.map(row => `${row.name.slice(0, 5)} ${row.slow}`).join() === "fetch false,parse true,store false"
      && rows[1].fill !== rows[0].fill, `the table names the stages and marks the slow one (${colorScheme})`, JSON.stringify(rows));
    check(await page.locator("#run-1 .badge.slow").isVisible(), `so does its timeline (${colorScheme})`);
    const [said, shown] = await page.evaluate(() => [
      document.querySelector("tr.slow [data-title='deepest queue']").textContent.split("/")[0],
      document.querySelectorAll(".band")[1].querySelector(".facts").textContent.match(/queue of (\d+)/)[1],
    ]);
    check(said === shown, `the deepest queue is one figure (${colorScheme})`, `${said}, ${shown}`);
    await page.setViewportSize({width: 360, height: 740});
    await settle(page);
    const over = await page.locator("tbody tr > *").evaluateAll(all => all.filter(cell =>
      cell.getBoundingClientRect().right > 360 || cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent));
    check(over.length === 0, `on a phone the table of stages is as wide as it (${colorScheme})`, over.join(", "));
    check(seen.errors.length === 0 && seen.requests.length === 0, `no errors and no requests with bands (${colorScheme})`,
      [...seen.errors, ...seen.requests].join("; "));
    await context.close();
  }
  check(fills.light !== fills.dark, "bands differ in the dark", `${fills.light}, ${fills.dark}`);
}

/** What limits the rate: walls, dots and parts are drawn apart, in both colour schemes, on any width. */
async function walls() {
  const strokes = {};
  for (const [width, height] of [[1280, 900], [360, 740]]) {
    for (const colorScheme of ["light", "dark"]) {
      const where = `${width} px, ${colorScheme}`;
      const {context, page, seen} = await watched({viewport: {width, height}, colorScheme});
      await show(page, file("walls.html"));
      const found = await page.evaluate(() => {
        const size = e => e.getBoundingClientRect();
        const chart = document.querySelector(".walls figure > svg");
        const stroke = name => getComputedStyle(document.querySelector(`.walls line.${name}`)).stroke;
        return {
          walls: ["wall-flight", "wall-cores", "wall-lock", "wall-other"].map(stroke),
          dots: chart.querySelectorAll("circle").length,
          parts: [...document.querySelectorAll(".walls .split rect")].map(e => size(e).width),
          tick: Math.min(...[...chart.querySelectorAll("text")].map(e => size(e).height)),
          wide: size(chart).width,
          images: document.images.length,
          steps: document.querySelectorAll(".way li").length,
          rule: getComputedStyle(document.querySelector(".walls line.grid")).stroke,
        };
      });
      strokes[colorScheme] = found.walls.join(" ");
      check(new Set(found.walls).size === 4 && !found.walls.includes(found.rule), `each wall has its colour (${where})`, found.walls.join(" "));
      check(found.dots === 4 && found.steps === 2, `every rate is a dot, and every step is told (${where})`);
      check(found.parts.length === 3 && found.parts.every(w => w > 3), `an item's time has its parts (${where})`, found.parts.join(", "));
      check(found.tick >= 9 && found.wide > 250, `the scale can be read (${where})`, `${found.tick} px, ${found.wide} px`);
      check(found.images === 0 && seen.errors.length === 0 && seen.requests.length === 0, `walls do no harm (${where})`,
        [...seen.errors, ...seen.requests].join("; "));
      await context.close();
    }
  }
  check(strokes.light !== strokes.dark, "walls differ in the dark");
}

/** Columns of the drawn lines, in pixels of the page: ticks of the axis, or the grid of a drawing. */
const lines = (page, selector, fromBottom) =>
  page.locator(selector).evaluateAll((all, fromBottom) => all.map(canvas => {
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    const g = copy.getContext("2d", {willReadFrequently: true});
    g.drawImage(canvas, 0, 0);
    const box = canvas.getBoundingClientRect();
    const ratio = devicePixelRatio;
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(fromBottom ? "--soft" : "--rule").trim();
    probe.fillRect(0, 0, 1, 1);
    const [r, gr, b] = probe.getImageData(0, 0, 1, 1).data;
    // Above the bars and the areas there are lines of the grid only; at the foot of the axis, ticks.
    const {data} = g.getImageData(0, fromBottom ? canvas.height - 2 : Math.round(ratio), copy.width, 1);
    const columns = [];
    for (let x = 0; x < copy.width; x++) {
      const near = (value, i) => Math.abs(data[4 * x + i] - value) <= 2;
      if (data[4 * x + 3] === 255 && near(r, 0) && near(gr, 1) && near(b, 2)) columns.push(box.left + x / ratio);
    }
    return columns;
  }), fromBottom);

/** The scale stands above the grids, and only what is too long scrolls; with scroll bars that take room. */
async function scales() {
  for (const [width, height] of [[1280, 900], [360, 740]]) {
    for (const colorScheme of ["light", "dark"]) {
      const {context, page} = await watched({viewport: {width, height}, colorScheme, ignoreDefaultArgs: ["--hide-scrollbars"]});
      for (const name of ["mixed.html", "waiting.html", "hostile.html", "large.html"]) {
        await show(page, file(name));
        const where = `${name}, ${width} px, ${colorScheme}`;
        const aligned = async what => {
          const [ticks] = await lines(page, "#axis", true);
          const grids = [];
          // A drawing out of view is not drawn.
          for (const chart of await page.locator(".chart").all()) {
            await chart.scrollIntoViewIfNeeded();
            await settle(page);
          }
          for (const selector of [".area", ".lanes canvas"]) grids.push(...await lines(page, selector, false));
          const distances = grids.flat().map(x => Math.min(...ticks.map(tick => Math.abs(tick - x))));
          check(ticks.length >= 2 && grids.every(grid => grid.length >= 1), `there are ticks and grids (${what}${where})`,
            `${ticks.length}; ${grids.map(grid => grid.length).join(", ")}`);
          check(Math.max(...distances) <= 1, `ticks stand over the grid (${what}${where})`,
            `${Math.max(...distances).toFixed(2)} px at most`);
        };
        const boxes = () => page.locator(".chart, .lanes, .scroll").evaluateAll(all => all.map(e => ({
          name: e.classList[0], over: [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight],
          bar: e.offsetWidth - e.clientWidth - (e.classList[0] === "chart" ? 2 : 0),
        })));
        const needless = (await boxes()).filter(box => box.over[0] > 0 || box.over[1] > 0 || box.bar > 0);
        check(needless.length === 0, `nothing scrolls that need not (${where})`, JSON.stringify(needless));
        await aligned("");
        const rows = page.locator(".rows").first();
        if (await rows.isVisible()) {
          await rows.click();
          await settle(page);
          const long = (await boxes()).filter(box => box.name === "lanes" && box.over[1] > 0);
          if (name === "waiting.html") check(long.length === 1 && long[0].bar > 0, `a thousand rows scroll (${where})`, JSON.stringify(long));
          await aligned("one row a worker, ");
          if (name === "waiting.html") {
            const axis = (await drawn(page, "#axis")).hash;
            await page.locator(".lanes").first().scrollIntoViewIfNeeded();
            const box = await page.locator(".lanes").first().boundingBox();
            await page.mouse.move(box.x + box.width - 7, box.y + box.height - 40);
            await page.mouse.down();
            await page.waitForFunction(() => document.querySelector(".lanes").scrollTop > 0, null, {timeout: 5000}).catch(() => {});
            await page.mouse.move(box.x + box.width - 60, box.y + box.height - 40);
            await page.mouse.up();
            await settle(page);
            const top = await page.locator(".lanes").first().evaluate(e => e.scrollTop);
            check(top > 0, `the scroll bar scrolls the rows (${where})`, `${top} px`);
            check((await drawn(page, "#axis")).hash === axis, `and does not move the time (${where})`);
          }
        }
      }
      await context.close();
    }
  }
}

function traces() {
  for (const [name, least] of [["mixed.json", 240], ["hostile.json", 2], ["large.json", 300_000]]) {
    const {traceEvents} = JSON.parse(fs.readFileSync(file(name), "utf8"));
    const slices = traceEvents.filter(event => event.ph === "X");
    check(slices.length >= least && slices.every(s => s.dur >= 0 && s.pid > 0 && s.tid > 0), `${name} is a trace`, `${slices.length} slices`);
  }
}

(async () => {
  traces();
  await largeReport();
  await manyRows();
  await hostileData();
  await looks();
  await bands();
  await walls();
  await scales();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
})();
