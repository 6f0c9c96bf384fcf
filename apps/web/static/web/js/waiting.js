// Shows how far the asking is, and goes to the answer's page when there is one, or a reason why
// not. A poll that fails is tried again, ever later; a hidden page does not poll.

const SOON_MS = 400;
const LATER_MS = 1500;
const PATIENT_AFTER_MS = 20_000;
const LONGEST_MS = 15_000;

const box = document.querySelector("[data-waiting]");
const find = (name) => box.querySelector(`[data-${name}]`);
const list = find("events");
const rows = new Map();
const since = Date.now();

let failed = 0;
let stage = "";
let isOver = false;

function rowOf(event) {
  if (!rows.has(event.id)) {
    const made = find(`level="${event.level}"`).content.cloneNode(true);
    const time = made.querySelector("[data-time]");
    time.textContent = event.time;
    time.dateTime = event.iso;
    made.querySelector("[data-words]").textContent = event.sentence;
    rows.set(event.id, made.firstElementChild);
  }
  return rows.get(event.id);
}

function show(told) {
  find("sentence").textContent = told.sentence;
  box.querySelector("progress").value = told.share;
  find("found").hidden = told.events.length === 0;
  find("more").textContent = told.more;
  if (told.events.some((event, place) => list.children[place] !== rowOf(event))) {
    list.replaceChildren(...told.events.map(rowOf));
  }
  // Said aloud only when something else begins, not with each event.
  const now = `${told.state} ${told.known}`;
  if (now !== stage) find("status").textContent = told.sentence;
  stage = now;
}

async function poll() {
  try {
    const response = await fetch(box.dataset.waiting, {
      redirect: "manual",
      signal: AbortSignal.timeout(LONGEST_MS),
    });
    const isShut = response.type === "opaqueredirect" || [401, 403, 404].includes(response.status);
    if (!isShut && !response.ok) throw new Error(String(response.status));
    const told = isShut ? {} : await response.json();
    if (isOver) return;
    if (told.state !== "waiting" && told.state !== "asking") {
      location.reload();
      return;
    }
    failed = 0;
    show(told);
  } catch {
    failed += 1;
  }
  find("note").hidden = failed < 2;
  const pause = Date.now() - since < PATIENT_AFTER_MS ? SOON_MS : LATER_MS;
  setTimeout(whenSeen, failed ? Math.min(SOON_MS * 2 ** failed, LONGEST_MS) : pause);
}

function whenSeen() {
  if (isOver) return;
  if (!document.hidden) poll();
  else document.addEventListener("visibilitychange", whenSeen, { once: true });
}

find("cancel").addEventListener("submit", () => {
  isOver = true;
});

// The back button can bring the page as it was left, after the lookup was stopped.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

whenSeen();
