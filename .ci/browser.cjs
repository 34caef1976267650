// Starts Debian's Chromium through Playwright, with nothing of its own on the network.
const {chromium} = require("playwright-core");
const path = require("node:path");

let profiles = 0;

/** A browser with an empty profile of its own below the folder; options as Playwright's. */
exports.open = (folder, options) =>
  chromium.launchPersistentContext(path.join(folder, `profile-${++profiles}`), {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
    ...options,
  });

/** Opens a report and waits until it is drawn. */
exports.show = async (page, file) => {
  await page.goto(`file://${file}`);
  await page.waitForSelector("html[data-ready]", {timeout: 60_000});
  await exports.settle(page);
};

/** Two frames: what was asked to be drawn is drawn. */
exports.settle = page =>
  page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
