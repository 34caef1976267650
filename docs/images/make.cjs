// Takes pictures of a report from its top to the last timeline. Usage: see make.sh
const path = require("node:path");
const {open, show, settle} = require("../../.ci/browser.cjs");

const [report, profiles] = process.argv.slice(2);
const TALLEST = 1800; // px; nothing scrolls, so that the tip stays at its bar

(async () => {
  for (const [colorScheme, name] of [["light", "report.png"], ["dark", "report-dark.png"]]) {
    const context = await open(
      profiles, {viewport: {width: 1120, height: TALLEST}, deviceScaleFactor: 2, colorScheme});
    const page = context.pages()[0];
    await show(page, report);
    // What the bars are, as a person with the pointer on one sees it.
    const chart = page.locator(".chart").last();
    await chart.focus();
    for (const key of ["ArrowDown", "ArrowDown", "n", "n", "n", "n", "n", "n"]) await page.keyboard.press(key);
    await page.locator("#tip").waitFor({state: "visible"});
    await settle(page);
    const box = await page.locator(".run").last().boundingBox();
    const tip = await page.locator("#tip").boundingBox();
    const height = Math.min(TALLEST, Math.ceil(Math.max(box.y + box.height, tip.y + tip.height) + 28));
    await page.screenshot({path: path.join(__dirname, name), clip: {x: 0, y: 0, width: 1120, height}});
    await context.close();
  }
})();
