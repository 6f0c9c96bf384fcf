// Applies the filter without a reload: the server filters and draws, this replaces the parts.
// Dragging across the axis chooses a range; the arrow keys move between marks.

const PARTS = ["#timeline", "#problems"];
const TYPING_MS = 400;
const MIN_DRAG_PX = 8;

let timer = 0;
let next = null;
let isLoading = false;
let band = null;

async function load({ action, choice }) {
  const address = new URL(action);
  address.search = location.search;
  const headers = { "X-Triage-Part": "shown" };
  const response = await fetch(address, { method: "POST", body: choice, headers });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.querySelector("#timeline")) throw new Error(String(response.status));
  return page;
}

function replace(old, fresh) {
  const active = document.activeElement;
  const hadFocus = old.contains(active);
  for (const details of fresh.querySelectorAll("details[id]")) {
    details.open = document.getElementById(details.id)?.open ?? details.open;
  }
  if (active.id === "shown-text" && hadFocus) {
    // Keep what was typed since the request.
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
  for (const part of PARTS) replace(document.querySelector(part), page.querySelector(part));
  prepare();
  announce(document.getElementById("timeline").dataset.said);
  document.dispatchEvent(new CustomEvent("triage:shown"));
}

function announce(text, isProblem = false) {
  const status = document.querySelector("[data-shown-status]");
  status.textContent = text;
  status.classList.toggle("visually-hidden", !isProblem);
}

// One request at a time, so that the session stores the last choice; outdated parts are dropped.
async function apply(action, choice) {
  clearTimeout(timer);
  timer = 0;
  next = { action, choice };
  if (isLoading) return;
  isLoading = true;
  try {
    while (next) {
      const mine = next;
      next = null;
      const page = await load(mine);
      if (!next && !timer) show(page);
    }
  } catch {
    announce("We couldn't apply the filter. Reload the page.", true);
  } finally {
    isLoading = false;
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
  const wait = event.target.type === "search" ? TYPING_MS : 0;
  timer = setTimeout(() => apply(form.action, fields(document.querySelector("#filter form"))), wait);
});

// Dragging across the axis.

function ends(event) {
  const box = band.axis.getBoundingClientRect();
  const offsets = [band.from, event.clientX].map((x) => Math.min(Math.max(x - box.left, 0), box.width));
  return { box, start: Math.min(...offsets), end: Math.max(...offsets) };
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
  if (end - start < MIN_DRAG_PX) return;
  const form = document.querySelector("#filter form");
  const choice = fields(form);
  const second = (x) => Math.round(Number(left) + (x / box.width) * (right - left));
  choice.set("from", second(start));
  choice.set("to", second(end));
  apply(form.action, choice);
});

// Moving between marks with the arrow keys.

const lanes = () => [...document.querySelectorAll("[data-lane]")].map((lane) => [...lane.querySelectorAll(".mark-link")]);
const xOf = (mark) => parseFloat(mark.querySelector("svg").getAttribute("x"));

function neighbor(mark, key) {
  const all = lanes();
  const row = all.findIndex((marks) => marks.includes(mark));
  const column = all[row].indexOf(mark);
  if (key === "ArrowLeft") return all[row][column - 1];
  if (key === "ArrowRight") return all[row][column + 1];
  const other = all[row + (key === "ArrowDown" ? 1 : -1)] ?? [];
  const distance = (one) => Math.abs(xOf(one) - xOf(mark));
  return [...other].sort((one, two) => distance(one) - distance(two))[0];
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") drop();
  const mark = event.target.closest?.(".mark-link");
  if (!mark || !/^Arrow(Left|Right|Up|Down)$/.test(event.key)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  neighbor(mark, event.key)?.focus();
});

// Each lane has one tab stop: the mark that was focused last.
document.addEventListener("focusin", (event) => {
  const mark = event.target.closest?.(".mark-link");
  if (!mark) return;
  for (const one of mark.parentElement.querySelectorAll(".mark-link")) one.setAttribute("tabindex", one === mark ? 0 : -1);
});

// The table, loaded when it is opened.

async function loadTable(details) {
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
    loadTable(details).catch(() => {}); // the link to its own page remains
  },
  true,
);

function prepare() {
  for (const marks of lanes()) marks.forEach((mark, index) => mark.setAttribute("tabindex", index ? -1 : 0));
  for (const button of document.querySelectorAll("#filter [data-show]")) button.hidden = true;
}

prepare();
document.addEventListener("triage:more", prepare);
