// Keeps the export preview current with the form. The server renders it; the last choice wins.

const TYPING_MS = 400;
const CHOOSING_MS = 120;

const panel = document.querySelector("[data-export]");
const form = panel.querySelector("[data-choose]");
const budget = document.getElementById("export-budget");
const size = panel.querySelector("[data-choice]");

let timer;
let latest = 0;
let pending = null;
let release = () => {};

class Refused extends Error {
  constructor(sentence, field) {
    super(sentence);
    this.field = field;
  }
}

// The choice in the form now, and the choice that the preview shows.
export const chosen = () => new URLSearchParams(new FormData(form));
export const previewed = () => new URLSearchParams(size.dataset.choice);
export const isSettled = () => pending === null;

export async function settled() {
  while (pending) await pending;
}

export async function ask(choice) {
  let page;
  try {
    const response = await fetch(`${panel.dataset.panel}?${choice}`);
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    page = new Document();
  }
  if (page.querySelector("[data-choice]")) return page;
  const refused = page.querySelector("[data-refused]");
  if (refused) throw new Refused(refused.textContent, refused.dataset.refused);
  throw new Refused("We couldn't create the text. Reload the page.", "budget");
}

function show(page) {
  const before = String(previewed());
  for (const fresh of page.querySelectorAll("[data-part]")) {
    const old = panel.querySelector(`[data-part="${fresh.dataset.part}"]`);
    if (old === size) {
      old.dataset.choice = fresh.dataset.choice;
      old.replaceChildren(...fresh.childNodes);
    } else if (old.href) {
      old.href = fresh.getAttribute("href");
    } else {
      old.value = fresh.value;
      old.scrollTop = 0;
    }
  }
  if (String(previewed()) === before) return;
  history.replaceState(history.state, "", `?${previewed()}${location.hash}`);
}

function showRefusal(refused) {
  panel.classList.toggle("is-stale", Boolean(refused));
  panel.querySelector("[data-stale]").hidden = !refused;
  for (const error of panel.querySelectorAll("[data-refused]")) {
    const isHere = refused?.field === error.dataset.refused;
    error.textContent = isHere ? refused.message : "";
    const field = document.getElementById(`export-${error.dataset.refused}`);
    if (isHere) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

async function update() {
  latest += 1;
  const mine = latest;
  let outcome;
  try {
    const page = await ask(chosen());
    outcome = () => {
      show(page);
      showRefusal(null);
    };
  } catch (refused) {
    outcome = () => showRefusal(refused);
  }
  if (mine === latest) outcome();
}

function updateIn(milliseconds) {
  clearTimeout(timer);
  release();
  latest += 1;
  const mine = new Promise((done) => {
    release = done;
    timer = setTimeout(() => update().finally(done), milliseconds);
  });
  pending = mine;
  mine.then(() => {
    if (pending === mine) pending = null;
  });
}

function press() {
  for (const button of form.querySelectorAll("[aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.value === budget.value.trim()));
  }
}

form.querySelector("[data-show]").hidden = true;

// Data that was loaded later is part of the text too.
document.addEventListener("triage:more", () => updateIn(0));

form.addEventListener("input", (event) => {
  press();
  updateIn(event.target === budget ? TYPING_MS : CHOOSING_MS);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.name === "budget") budget.value = event.submitter.value;
  press();
  updateIn(0);
});
