// Plays the link of the page in the page. The element plays files, and HLS where the browser has no
// Media Source (iPhones); everywhere else hls.js does, which comes when it is wanted.

const HLS = "application/vnd.apple.mpegurl";

const box = document.querySelector("[data-player]");
const video = box.querySelector("video");
const button = box.querySelector("[data-play]");
const said = box.querySelector("[data-said]");
const address = video.getAttribute("src");
const ways = box.dataset.player === "hls" ? [asHls, asFile] : [asFile, asHls];

let hls = null;

// What it loads by itself would be counted as a play.
video.removeAttribute("src");
video.load();
video.hidden = true;
button.hidden = false;

button.addEventListener("click", () => {
  button.hidden = true;
  video.hidden = false;
  video.focus();
  start([...ways]);
});

// The name of a URL says what it was the last time: where that does not play, the other way may.
function start(left) {
  const way = left.shift();
  said.textContent = "Loading …";
  way((why) => {
    if (left.length && !video.played.length) start(left);
    else said.textContent = `It does not play: ${why}`;
  });
}

function asFile(failed) {
  hls?.destroy();
  hls = null;
  video.onerror = () => failed(video.error?.message || "the browser cannot read it");
  video.src = address;
  play();
}

async function asHls(failed) {
  if (!("MediaSource" in window || "ManagedMediaSource" in window)) {
    if (video.canPlayType(HLS)) asFile(failed);
    else failed("this browser plays no HLS");
    return;
  }
  video.onerror = null;
  video.removeAttribute("src");
  try {
    const { default: Hls } = await import("./hls.min.mjs");
    // Its worker would be a script of a blob, which the page's policy rightly forbids.
    hls = new Hls({ enableWorker: false, xhrSetup: (request, url) => request.open("GET", here(url)) });
    let recovered = 0;
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      if (error.type === Hls.ErrorTypes.MEDIA_ERROR && recovered++ < 3) hls.recoverMediaError();
      else { hls.destroy(); failed(error.response?.text || error.details); }
    });
    hls.on(Hls.Events.MANIFEST_PARSED, play);
    hls.loadSource(new URL(address, document.baseURI).href);
    hls.attachMedia(video);
  } catch (error) {
    failed(error.message);
  }
}

// Playlists name the base URL, and this page may have been opened by another name of the server.
function here(url) {
  const { base } = box.dataset;
  return url.startsWith(`${base}/`) ? new URL(url.slice(base.length + 1), document.baseURI).href : url;
}

function play() {
  // Refused where a browser wants another click: the controls are there for it.
  video.play().catch(() => {});
}

video.addEventListener("playing", () => { said.textContent = ""; });
video.addEventListener("waiting", () => { said.textContent = "Loading …"; });
