// Keeps the preview up with what is chosen. The server writes it; the last choice wins.

const WHILE_TYPING_MS = 400;
const WHILE_CHOOSING_MS = 120;

const aside = document.querySelector("[data-export]");
const form = aside.querySelector("[data-choose]");
const budget = document.getElementById("export-budget");
const size = aside.querySelector("[data-choice]");

let timer;
let turn = 0;
let pending = null;
let release = () => {};

class Refused extends Error {
  constructor(sentence, field) {
    super(sentence);
    this.field = field;
  }
}

// What the fields say now, and what the preview is of.
export const chosen = () => new URLSearchParams(new FormData(form));
export const previewed = () => new URLSearchParams(size.dataset.choice);
export const isSettled = () => pending === null;

export async function settled() {
  while (pending) await pending;
}

export async function ask(choice) {
  let page;
  try {
    const response = await fetch(`${aside.dataset.panel}?${choice}`);
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    page = new Document();
  }
  if (page.querySelector("[data-choice]")) return page;
  const told = page.querySelector("[data-refused]");
  if (told) throw new Refused(told.textContent, told.dataset.refused);
  throw new Refused("We couldn't create the text. Reload the page.", "budget");
}

function show(page) {
  for (const fresh of page.querySelectorAll("[data-part]")) {
    const place = aside.querySelector(`[data-part="${fresh.dataset.part}"]`);
    if (place === size) {
      place.dataset.choice = fresh.dataset.choice;
      place.replaceChildren(...fresh.childNodes);
    } else if (place.href) {
      place.href = fresh.getAttribute("href");
    } else {
      place.value = fresh.value;
      place.scrollTop = 0;
    }
  }
  history.replaceState(history.state, "", `?${previewed()}${location.hash}`);
}

function tell(refused) {
  aside.classList.toggle("is-stale", Boolean(refused));
  aside.querySelector("[data-stale]").hidden = !refused;
  for (const place of aside.querySelectorAll("[data-refused]")) {
    const isHere = refused?.field === place.dataset.refused;
    place.textContent = isHere ? refused.message : "";
    const field = document.getElementById(`export-${place.dataset.refused}`);
    if (isHere) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

async function update() {
  turn += 1;
  const mine = turn;
  let outcome;
  try {
    const page = await ask(chosen());
    outcome = () => {
      show(page);
      tell(null);
    };
  } catch (refused) {
    outcome = () => tell(refused);
  }
  if (mine === turn) outcome();
}

function updateIn(milliseconds) {
  clearTimeout(timer);
  release();
  turn += 1;
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

// What was read later stands in the text too.
document.addEventListener("triage:more", () => updateIn(0));

form.addEventListener("input", (event) => {
  press();
  updateIn(event.target === budget ? WHILE_TYPING_MS : WHILE_CHOOSING_MS);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.name === "budget") budget.value = event.submitter.value;
  press();
  updateIn(0);
});
