// What the forms and links of the page do without this, done in place: jobs are begun through the
// API and followed, rows are exchanged as the server renders them, series open where they stand.

const API = "api/v1/";
const SETTLED = ["succeeded", "failed", "cancelled", "interrupted"];
const ROWS_AT_ONCE = 100;
const TELL_MS = 8000;
const RENEW_MS = 4000;
const LOOK_MS = 2000;
const STREAMS = 3;

const told = document.getElementById("told");
const template = document.getElementById("panel");
const tray = document.getElementById("underway");

const tell = (text) => { told.textContent = text; };

async function answered(address, options = {}) {
  const answer = await fetch(address, { credentials: "same-origin", ...options });
  if (answer.redirected && new URL(answer.url).pathname.endsWith("/login")) location.reload();
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail || problem.title || `the server answers ${answer.status}`);
}

async function parsed(address) {
  const text = await (await answered(address)).text();
  return new DOMParser().parseFromString(text, "text/html");
}

// Rows: exchanged part by part, so that a button keeps the focus.

const waiting = new Set();
let fetching = false;

function touch(id) {
  if (!document.querySelector(`[data-id="${id}"], [data-watch="${id}"]`)) return;
  waiting.add(id);
  if (!fetching) exchange();
}

async function exchange() {
  fetching = true;
  while (waiting.size) {
    const ids = [...waiting].slice(0, ROWS_AT_ONCE);
    ids.forEach((id) => waiting.delete(id));
    const query = ids.map((id) => `id=${encodeURIComponent(id)}`).join("&");
    try {
      const fresh = await parsed(`rows?${query}`);
      for (const row of fresh.querySelectorAll("[data-id]")) put(row);
    } catch (error) {
      tell(error.message);
    }
  }
  fetching = false;
}

function put(fresh) {
  const { id } = fresh.dataset;
  for (const old of document.querySelectorAll(`[data-id="${id}"], [data-watch="${id}"]`)) {
    old.removeAttribute("aria-busy");
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const place = old.querySelector(`[data-part="${part.dataset.part}"]`);
      if (place && part.dataset.part !== "name") place.replaceChildren(...part.cloneNode(true).childNodes);
    }
  }
}

function mark(body, busy) {
  const rows = body.id
    ? body.id.map((id) => document.querySelector(`tr[data-id="${id}"]`))
    : [];
  for (const row of rows) {
    if (busy) row?.setAttribute("aria-busy", "true");
    else row?.removeAttribute("aria-busy");
  }
}

// Jobs.

function bodyOf(form, what) {
  const body = {};
  for (const [name, value] of new FormData(form)) {
    if (name === "id") (body.id ??= []).push(Number(value));
    else if (name === "state") body.state = value.split(",");
    else if (name === "season") body.season = Number(value);
    else if (name === "sidecars") what === "refresh" && (body.sidecars = true);
    else if (name === "stale" || name === "force") body[name] = true;
    else if (name !== "do") body[name] = value;
  }
  return body;
}

async function begin(form, button) {
  const body = bodyOf(form, button.value);
  button.setAttribute("aria-disabled", "true");
  mark(body, true);
  try {
    const answer = await answered(API + button.value, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const job = await answer.json();
    tell(`${button.textContent.trim()}: begun`);
    follow(panelOf(job), () => { button.removeAttribute("aria-disabled"); mark(body, false); });
  } catch (error) {
    button.removeAttribute("aria-disabled");
    mark(body, false);
    complain(`${button.textContent.trim()}: ${error.message}`);
  }
}

function complain(text) {
  const panel = template.content.firstElementChild.cloneNode(true);
  panel.querySelector("bdi").textContent = text;
  panel.querySelector("progress").remove();
  panel.querySelector('[data-part="how"]').textContent = "not begun";
  tray.append(panel);
  dismissable(panel);
  tell(text);
}

// The same may be under way already: then there is a panel for it.
function panelOf(job) {
  document.querySelector(`.panel[data-job="${job.id}"]`)?.remove();
  const panel = template.content.firstElementChild.cloneNode(true);
  panel.dataset.job = job.id;
  panel.querySelector("bdi").textContent = [job.command, ...(job.arguments ?? [])].join(" ");
  panel.querySelector('[data-part="address"]').href = `job?id=${job.id}`;
  panel.querySelector('input[name="id"]').value = job.id;
  tray.append(panel);
  return panel;
}

// Browsers open six connections to a server: a few jobs are followed, the others looked at.

let streams = 0;

function follow(panel, ended = () => {}, seen = { at: 0 }) {
  if (streams < STREAMS) listen(panel, ended, seen);
  else look(panel, ended, seen);
}

async function look(panel, ended, seen) {
  try {
    const job = await (await answered(`${API}jobs/${panel.dataset.job}`)).json();
    show(panel, job, seen);
    if (SETTLED.includes(job.state)) {
      settle(panel, job);
      ended();
      return;
    }
  } catch (error) {
    tell(error.message);
  }
  setTimeout(() => follow(panel, ended, seen), LOOK_MS);
}

function listen(panel, ended, seen) {
  const source = new EventSource(`${API}jobs/${panel.dataset.job}/events`);
  streams += 1;
  source.addEventListener("line", (event) => {
    const line = JSON.parse(event.data);
    if (line.id) touch(line.id);
    renewSoon();
  });
  // Refused, or cut off for good: browsers say no more than that.
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return;
    streams -= 1;
    setTimeout(() => look(panel, ended, seen), LOOK_MS);
  });
  source.addEventListener("job", (event) => {
    const job = JSON.parse(event.data);
    show(panel, job, seen);
    if (!SETTLED.includes(job.state)) return;
    source.close();
    streams -= 1;
    settle(panel, job);
    ended();
  });
}

function show(panel, job, seen) {
  const bar = panel.querySelector("progress");
  if (job.total) {
    bar.max = job.total;
    bar.value = job.done;
  }
  const amount = job.total ? `${job.done} of ${job.total}` : `${job.done}`;
  const text = `${job.cancel_requested ? "being cancelled" : job.state}, ${amount}`;
  panel.querySelector('[data-part="how"]').textContent = text;
  if (Date.now() - seen.at > TELL_MS) {
    seen.at = Date.now();
    tell(text);
  }
}

function settle(panel, job) {
  const counts = Object.entries(job.counts ?? {}).filter(([, value]) => value);
  const words = counts.map(([name, value]) => `${value} ${name}`).join(", ");
  const text = [job.state, words, job.message].filter(Boolean).join(": ");
  panel.classList.add("settled", `is-${job.state}`);
  panel.querySelector("progress").remove();
  panel.querySelector('[data-part="how"]').textContent = text;
  dismissable(panel);
  tell(text);
  if (panel.closest(".here")) location.reload();
  else renew();
}

function dismissable(panel) {
  const form = panel.querySelector("form");
  const had = form.contains(document.activeElement);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Close";
  button.addEventListener("click", () => {
    panel.remove();
    document.getElementById("main").focus();
  });
  form.replaceWith(button);
  if (had) button.focus();
}

// Sums that a job changes: now and then while it runs and once in the end.

let renewing = 0;

function renewSoon() {
  renewing ||= setTimeout(renew, RENEW_MS);
}

async function renew() {
  clearTimeout(renewing);
  renewing = 0;
  const places = [...document.querySelectorAll("[data-tally]")];
  if (!places.length) return;
  const opened = [...document.querySelectorAll("[data-opened]")].map((it) => it.dataset.opened);
  try {
    for (const address of [location.href, ...opened]) {
      for (const fresh of (await parsed(address)).querySelectorAll("[data-tally]")) {
        const place = places.find((it) => it.dataset.tally === fresh.dataset.tally);
        if (!place?.contains(document.activeElement)) place?.replaceChildren(...fresh.childNodes);
      }
    }
  } catch (error) {
    tell(error.message);
  }
}

async function cancel(form) {
  const id = form.elements.id.value;
  try {
    await answered(`${API}jobs/${id}/cancel`, { method: "POST" });
    tell("Cancelling");
  } catch (error) {
    tell(error.message);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-begin]")) {
    event.preventDefault();
    if (event.submitter?.getAttribute("aria-disabled") !== "true") begin(form, event.submitter);
  } else if (form.matches("[data-cancel]")) {
    event.preventDefault();
    cancel(form);
  }
});

for (const panel of document.querySelectorAll("[data-job]:not([data-job=''])")) follow(panel);

// Series open in the tree.

document.addEventListener("toggle", async (event) => {
  const details = event.target;
  const address = details.dataset?.open;
  if (!address || !details.open) return;
  delete details.dataset.open;
  const place = details.querySelector("[data-series]");
  try {
    const fresh = await parsed(`${address}&part=1`);
    place.replaceChildren(...fresh.body.childNodes);
    details.dataset.opened = `${address}&part=1`;
  } catch (error) {
    details.dataset.open = address;
    place.textContent = error.message;
  }
}, true);

// Times: the server says them in UTC, here they are those of the clock on the wall. Rows come later
// too, so whatever is put into the page is looked through.

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function localise(root) {
  for (const time of root.querySelectorAll?.("time[title$=UTC]") ?? []) {
    const at = new Date(time.dateTime);
    if (time.hasAttribute("data-clock")) time.textContent = exact.format(at);
    time.title = clock.format(at);
  }
}

localise(document);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) localise(node.parentNode ?? node);
}).observe(document.body, { childList: true, subtree: true });
document.querySelector("[data-zone]").textContent =
  `times of ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;

// Small things.

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", () => {
    field.select();
    // The clipboard API is there on https and this machine alone, a home server often has neither.
    if (navigator.clipboard) navigator.clipboard.writeText(field.value);
    else document.execCommand("copy");
    button.textContent = "Copied";
    tell("Copied");
  });
}

const themes = document.getElementById("theme");
const isDark = () =>
  (document.documentElement.dataset.theme ??
    (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const named = () => { themes.textContent = isDark() ? "Light" : "Dark"; };
themes.hidden = false;
themes.addEventListener("click", () => {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("strmctl-theme", next);
  named();
});
named();
