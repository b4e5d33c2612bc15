// Plays one URL after another with hls.js in Chromium: a line {url, start} in, a line out.
//
// The page comes from a server of its own, so that to the browser the media are of another
// origin: without CORS on every answer nothing plays.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const PAGE = "<!doctype html><video muted></video><script src=hls.js></script>";
const RATE = 4;
const STALLED_MS = 30_000;

const script = await readFile(new URL("../../node_modules/hls.js/dist/hls.min.js", import.meta.url));
const server = createServer((request, response) => {
  const isScript = request.url === "/hls.js";
  response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? script : PAGE);
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  timeout: 90_000,
  args: [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--disable-gpu",
  ],
});
for await (const line of createInterface({ input: process.stdin })) {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const played = await page.evaluate(play, { ...JSON.parse(line), RATE, STALLED_MS });
  console.log(JSON.stringify(played));
  await page.close();
}
await browser.close();
server.close();

// Runs in the page: until the end, a fatal error, or no progress for STALLED_MS.
function play({ url, start, RATE, STALLED_MS }) {
  const video = document.querySelector("video");
  const hls = url.includes(".m3u8") ? new Hls({ startPosition: start }) : null;
  return new Promise((resolve) => {
    const finish = (complaint) => {
      let seconds = 0;
      for (let i = 0; i < video.played.length; i++) {
        seconds += video.played.end(i) - video.played.start(i);
      }
      const frames = video.getVideoPlaybackQuality().totalVideoFrames;
      resolve({ frames, seconds, complaint });
    };
    let stalled = setTimeout(finish, STALLED_MS, "no progress");
    video.ontimeupdate = () => {
      clearTimeout(stalled);
      stalled = setTimeout(finish, STALLED_MS, "stalled");
    };
    video.onended = () => finish("");
    video.onerror = () => finish(video.error.message);
    video.oncanplay = () => {
      video.playbackRate = RATE;
      video.play();
    };
    if (hls) {
      hls.on(Hls.Events.ERROR, (_, error) => error.fatal && finish(error.details));
      hls.loadSource(url);
      hls.attachMedia(video);
    } else {
      video.src = start ? `${url}#t=${start}` : url;
    }
  });
}
