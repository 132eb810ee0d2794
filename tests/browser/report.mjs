// Opens a page of `connect-phone-numbers report` in a browser, and writes what there is to see as JSON.
//
// node report.mjs BROWSER PAGE [FOLDER]: with a folder, pictures of the page are written there.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [browserPath, pageFile, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const url = pathToFileURL(pageFile).href;
const browser = await chromium.launch({
  executablePath: browserPath,
  chromiumSandbox: false,
  args: ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

const numbers = (page) =>
  page.locator("#numbers-table tbody tr:visible th").locator("xpath=./bdi | ./span/bdi[1]");

async function opened(options, whileOpen) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const seen = { requests: [], messages: [] };
  page.on("request", (request) => request.url() !== url && seen.requests.push(request.url()));
  page.on("console", (message) => seen.messages.push(message.text()));
  page.on("pageerror", (error) => seen.messages.push(String(error)));
  page.on("dialog", (dialog) => {
    seen.messages.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  await page.goto(url);
  const result = await whileOpen(page);
  await context.close();
  return { ...result, ...seen };
}

async function look(width, colorScheme) {
  return opened({ viewport: { width, height: 900 }, colorScheme }, async (page) => {
    if (folder) {
      await page.screenshot({ path: join(folder, `${width}-${colorScheme}.png`), fullPage: true });
    }
    await page.evaluate(axe);
    const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
    return {
      violations: violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`),
      passes: passes.map((one) => one.id),
      ...(await page.evaluate(() => ({
        background: getComputedStyle(document.body).backgroundColor,
        overflow: Math.max(
          ...[document.documentElement, ...document.querySelectorAll(".scroll")].map(
            (one) => one.scrollWidth - one.clientWidth,
          ),
        ),
        smallestLetters: Math.min(
          ...[...document.querySelectorAll("body *")]
            .filter((one) => one.checkVisibility() && [...one.childNodes].some((node) => node.nodeType === 3))
            .map((one) => parseFloat(getComputedStyle(one).fontSize)),
        ),
        roles: [...document.querySelectorAll("#numbers-table tbody th")].map((one) => one.computedRole ?? one.role),
      }))),
    };
  });
}

async function sorted() {
  return opened({}, async (page) => {
    const orders = {};
    const before = await numbers(page).allTextContents();
    const heads = page.locator("#numbers-table thead th");
    for (let column = 0; column < (await heads.count()); column += 1) {
      const button = heads.nth(column).getByRole("button");
      // By keyboard, as a person without a mouse does.
      await button.focus();
      const name = await button.textContent();
      for (const key of ["Enter", "Space"]) {
        await page.keyboard.press(key);
        const direction = await heads.nth(column).getAttribute("aria-sort");
        orders[`${name} ${direction}`] = await numbers(page).allTextContents();
      }
    }
    return { before, orders, marked: await page.locator("#numbers-table th[aria-sort]").count() };
  });
}

async function filtered() {
  return opened({}, async (page) => {
    const results = {};
    for (const text of ["", "line3", "TEAM=BILLING", "support LINE0", "no such number"]) {
      await page.getByLabel("Filter").fill(text);
      results[text] = [await numbers(page).allTextContents(), await page.getByRole("status").textContent()];
    }
    await page.getByLabel("Filter").fill("");
    await page.getByLabel("State").selectOption("orphan");
    results["State: orphan"] = [await numbers(page).allTextContents(), await page.getByRole("status").textContent()];
    return { results };
  });
}

async function withoutScript() {
  return opened({ javaScriptEnabled: false }, async (page) => ({
    numbers: await numbers(page).allTextContents(),
    controls: await page.locator("form:visible, button:visible").count(),
  }));
}

async function printed() {
  return opened({}, async (page) => {
    await page.emulateMedia({ media: "print" });
    return {
      numbers: await numbers(page).allTextContents(),
      controls: await page.locator("form:visible, nav:visible").count(),
      hiddenDates: await page.evaluate(
        () => [...document.querySelectorAll("details td")].filter((one) => !one.checkVisibility({ contentVisibilityAuto: true })).length,
      ),
    };
  });
}

// Something that the page would have to escape and has not: it must not run or load anything all the same.
async function injected() {
  return opened({}, (page) =>
    page.evaluate(async () => {
      const refused = [];
      document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "globalThis.hasRun = true";
      const holder = document.createElement("div");
      holder.innerHTML = '<img src="https://images.invalid/x.png" onerror="globalThis.hasRun = true">';
      document.body.append(script, holder);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { hasRun: globalThis.hasRun ?? false, refused };
    }),
  );
}

const result = { looks: {}, sorted: await sorted(), filtered: await filtered() };
for (const width of [420, 1280]) {
  for (const colorScheme of ["light", "dark"]) {
    result.looks[`${width} ${colorScheme}`] = await look(width, colorScheme);
  }
}
result.withoutScript = await withoutScript();
result.printed = await printed();
result.injected = await injected();
process.stdout.write(JSON.stringify(result));
await browser.close();
