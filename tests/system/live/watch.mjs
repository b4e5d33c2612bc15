// node watch.mjs PAGE SECONDS PROFILE: what the page looks like each half second, as JSON.
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "../../node_modules/playwright-core/index.mjs";

const [page, seconds, profile] = process.argv.slice(2);
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  timeout: 90_000,
  args: [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  const tab = await browser.newPage();
  await tab.goto(page);
  await tab.waitForFunction(() => look().playing, null, { timeout: 60_000, polling: 100 });
  const looks = [await tab.evaluate(() => look())];
  while (looks.at(-1).at - looks[0].at < Number(seconds) && looks.at(-1).fatal.length === 0) {
    await pause(500);
    looks.push(await tab.evaluate(() => look()));
  }
  console.log(JSON.stringify(looks));
} finally {
  await browser.close();
}
