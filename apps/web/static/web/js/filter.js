// Shows what is chosen without a reload: the server filters and draws, this puts it in place.
// Dragging across the axis chooses a range, the arrow keys go from mark to mark.

const PARTS = ["#timeline", "#problems"];
const WHILE_TYPING_MS = 400;
const LEAST_DRAG_PX = 8;

let timer = 0;
let next = null;
let isAsking = false;
let band = null;

async function ask({ action, choice }) {
  const address = new URL(action);
  address.search = location.search;
  const headers = { "X-Triage-Part": "shown" };
  const response = await fetch(address, { method: "POST", body: choice, headers });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.querySelector("#timeline")) throw new Error(String(response.status));
  return page;
}

function put(fresh, old) {
  const active = document.activeElement;
  const hadFocus = old.contains(active);
  for (const details of fresh.querySelectorAll("details[id]")) {
    details.open = document.getElementById(details.id)?.open ?? details.open;
  }
  if (active.id === "shown-text" && hadFocus) {
    // Somebody may still be typing into it.
    const { value, selectionStart, selectionEnd } = active;
    old.replaceWith(fresh);
    const field = document.getElementById("shown-text");
    field.value = value;
    field.focus({ preventScroll: true });
    field.setSelectionRange(selectionStart, selectionEnd);
    return;
  }
  old.replaceWith(fresh);
  if (!hadFocus) return;
  const same = active.id && document.getElementById(active.id);
  (same || fresh).focus({ preventScroll: true });
}

function show(page) {
  for (const place of PARTS) put(page.querySelector(place), document.querySelector(place));
  settle();
  say(document.getElementById("timeline").dataset.said);
  document.dispatchEvent(new CustomEvent("triage:shown"));
}

function say(text, isTrouble = false) {
  const status = document.querySelector("[data-shown-status]");
  status.textContent = text;
  status.classList.toggle("visually-hidden", !isTrouble);
}

// One at a time, so that the session keeps the last choice; what became old is not shown.
async function apply(action, choice) {
  clearTimeout(timer);
  timer = 0;
  next = { action, choice };
  if (isAsking) return;
  isAsking = true;
  try {
    while (next) {
      const mine = next;
      next = null;
      const page = await ask(mine);
      if (!next && !timer) show(page);
    }
  } catch {
    say("This could not be shown. Please reload the page.", true);
  } finally {
    isAsking = false;
  }
}

const fields = (form, button) => new URLSearchParams(new FormData(form, button));

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-shown]")) return;
  event.preventDefault();
  apply(form.action, fields(form, event.submitter));
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form?.matches("[data-shown]")) return;
  clearTimeout(timer);
  const wait = event.target.type === "search" ? WHILE_TYPING_MS : 0;
  timer = setTimeout(() => apply(form.action, fields(document.querySelector("#filter form"))), wait);
});

// --- dragging across the axis -------------------------------------------------------------------

function ends(event) {
  const box = band.axis.getBoundingClientRect();
  const places = [band.from, event.clientX].map((x) => Math.min(Math.max(x - box.left, 0), box.width));
  return { box, start: Math.min(...places), end: Math.max(...places) };
}

document.addEventListener("pointerdown", (event) => {
  const axis = event.target.closest?.("[data-axis]");
  if (!axis || event.button !== 0) return;
  event.preventDefault();
  axis.setPointerCapture(event.pointerId);
  band = { axis, from: event.clientX, mark: axis.querySelector(".axis-band") };
});

document.addEventListener("pointermove", (event) => {
  if (!band) return;
  const { start, end } = ends(event);
  band.mark.setAttribute("x", start);
  band.mark.setAttribute("width", end - start);
});

function drop() {
  band?.mark.setAttribute("width", 0);
  band = null;
}

document.addEventListener("pointercancel", drop);
document.addEventListener("pointerup", (event) => {
  if (!band) return;
  const { box, start, end } = ends(event);
  const { left, right } = band.axis.dataset;
  drop();
  if (end - start < LEAST_DRAG_PX) return;
  const form = document.querySelector("#filter form");
  const choice = fields(form);
  const second = (x) => Math.round(Number(left) + (x / box.width) * (right - left));
  choice.set("from", second(start));
  choice.set("to", second(end));
  apply(form.action, choice);
});

// --- from mark to mark --------------------------------------------------------------------------

const lanes = () => [...document.querySelectorAll("[data-lane]")].map((lane) => [...lane.querySelectorAll(".mark-link")]);
const place = (mark) => parseFloat(mark.querySelector("svg").getAttribute("x"));

function neighbour(mark, key) {
  const all = lanes();
  const row = all.findIndex((marks) => marks.includes(mark));
  const column = all[row].indexOf(mark);
  if (key === "ArrowLeft") return all[row][column - 1];
  if (key === "ArrowRight") return all[row][column + 1];
  const other = all[row + (key === "ArrowDown" ? 1 : -1)] ?? [];
  const away = (one) => Math.abs(place(one) - place(mark));
  return [...other].sort((one, two) => away(one) - away(two))[0];
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") drop();
  const mark = event.target.closest?.(".mark-link");
  if (!mark || !/^Arrow(Left|Right|Up|Down)$/.test(event.key)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  neighbour(mark, event.key)?.focus();
});

// Tab stops once in each lane: at the mark that had the focus last.
document.addEventListener("focusin", (event) => {
  const mark = event.target.closest?.(".mark-link");
  if (!mark) return;
  for (const one of mark.parentElement.querySelectorAll(".mark-link")) one.setAttribute("tabindex", one === mark ? 0 : -1);
});

// --- the table, fetched when it is opened ---------------------------------------------------------

async function fill(details) {
  const response = await fetch(details.dataset.table);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const table = page.querySelector("[data-event-table] .scroll");
  if (table) details.querySelector("[data-table-place]").replaceChildren(table);
}

document.addEventListener(
  "toggle",
  (event) => {
    const details = event.target;
    if (!details.open || !details.dataset.table || details.querySelector("table")) return;
    fill(details).catch(() => {}); // the link to its page stays
  },
  true,
);

function settle() {
  for (const marks of lanes()) marks.forEach((mark, index) => mark.setAttribute("tabindex", index ? -1 : 0));
  for (const hidden of document.querySelectorAll("[data-keys]")) hidden.hidden = false;
  for (const button of document.querySelectorAll("#filter [data-show]")) button.hidden = true;
}

settle();
document.addEventListener("triage:more", settle);
