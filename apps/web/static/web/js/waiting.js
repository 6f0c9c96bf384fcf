// Polls the progress of a lookup, and reloads when it has ended. A failed poll is retried with
// backoff; a hidden page does not poll.

const FAST_POLL_MS = 400;
const SLOW_POLL_MS = 1500;
const SLOW_AFTER_MS = 5_000;
const MAX_WAIT_MS = 15_000;

const box = document.querySelector("[data-waiting]");
const find = (name) => box.querySelector(`[data-${name}]`);
const list = find("events");
const rows = new Map();
const startedAt = Date.now();

let failures = 0;
let stage = "";
let isCanceled = false;

function rowOf(event) {
  if (!rows.has(event.id)) {
    const row = find(`level="${event.level}"`).content.cloneNode(true);
    const time = row.querySelector("[data-time]");
    time.textContent = event.time;
    time.dateTime = event.iso;
    row.querySelector("[data-words]").textContent = event.sentence;
    rows.set(event.id, row.firstElementChild);
  }
  return rows.get(event.id);
}

function show(progress) {
  find("sentence").textContent = progress.sentence;
  box.querySelector("progress").value = progress.share;
  find("found").hidden = progress.events.length === 0;
  find("more").textContent = progress.more;
  if (progress.events.some((event, index) => list.children[index] !== rowOf(event))) {
    list.replaceChildren(...progress.events.map(rowOf));
  }
  // Announced only when the next stage begins, not for each event.
  const now = `${progress.state} ${progress.known}`;
  if (now !== stage) find("status").textContent = progress.sentence;
  stage = now;
}

async function poll() {
  try {
    const response = await fetch(box.dataset.waiting, {
      redirect: "manual",
      signal: AbortSignal.timeout(MAX_WAIT_MS),
    });
    const isDenied = response.type === "opaqueredirect" || [401, 403, 404].includes(response.status);
    if (!isDenied && !response.ok) throw new Error(String(response.status));
    const progress = isDenied ? {} : await response.json();
    if (isCanceled) return;
    if (progress.state !== "waiting" && progress.state !== "asking") {
      location.reload();
      return;
    }
    failures = 0;
    show(progress);
  } catch {
    failures += 1;
  }
  find("note").hidden = failures < 2;
  const pause = Date.now() - startedAt < SLOW_AFTER_MS ? FAST_POLL_MS : SLOW_POLL_MS;
  setTimeout(pollWhenVisible, failures ? Math.min(FAST_POLL_MS * 2 ** failures, MAX_WAIT_MS) : pause);
}

function pollWhenVisible() {
  if (isCanceled) return;
  if (!document.hidden) poll();
  else document.addEventListener("visibilitychange", pollWhenVisible, { once: true });
}

find("cancel").addEventListener("submit", () => {
  isCanceled = true;
});

// The back button can restore this page after the lookup was stopped.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

pollWhenVisible();
