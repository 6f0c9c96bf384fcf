// Copies the previewed text, or the text of one problem, and tells the server that it was copied.

import { write } from "./clipboard.js";
import { isPlain } from "./keys.js";
import { ask, chosen, isSettled, previewed, settled } from "./panel.js";

const SAID_FOR_MS = 4000;

const aside = document.querySelector("[data-export]");
const box = document.getElementById("export-text");
const status = aside.querySelector("[data-copy-status]");
const buttons = document.querySelectorAll("[data-copy]");

function say(place, text, before = "") {
  place.textContent = text;
  clearTimeout(place.sayTimer);
  place.sayTimer = setTimeout(() => {
    place.textContent = before;
  }, SAID_FOR_MS);
}

// The copy is made, whether it can be recorded or not.
function record(choice) {
  const headers = { "X-CSRFToken": aside.dataset.csrf };
  fetch(aside.dataset.copied, { method: "POST", body: choice, headers, keepalive: true }).catch(
    () => {},
  );
}

async function copyPreview() {
  let choice = previewed();
  let text = box.value;
  if (!isSettled()) {
    text = settled().then(() => {
      choice = previewed();
      return box.value;
    });
  }
  try {
    await write(text);
    status.classList.add("visually-hidden"); // the button shows the same
    say(status, "Copied");
    for (const button of buttons) say(button.querySelector("[data-copy-label]"), "Copied", "Copy");
    record(choice);
  } catch {
    box.focus();
    box.select();
    status.classList.remove("visually-hidden");
    clearTimeout(status.sayTimer);
    status.textContent = "Press Ctrl+C to copy the selected text.";
  }
}

async function copyProblem(link, place) {
  const choice = chosen();
  choice.set("issue", link.dataset.problem);
  const page = ask(choice);
  try {
    await write(page.then((known) => known.getElementById("export-text").value));
    say(place, "Copied");
    record(choice);
  } catch {
    const told = await page.then(
      () => "Your browser didn't allow copying. Download it instead:",
      (refused) => refused.message,
    );
    place.textContent = told;
    link.hidden = false;
  }
}

for (const button of buttons) {
  button.hidden = false;
  button.addEventListener("click", copyPreview);
}

function offerProblem(link) {
  const place = link.nextElementSibling;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "text-button";
  button.textContent = "Copy this problem";
  button.setAttribute("aria-describedby", link.getAttribute("aria-describedby"));
  button.addEventListener("click", () => copyProblem(link, place));
  link.hidden = true;
  link.before(button);
  link.before(place);
}

function offerProblems() {
  document.querySelectorAll("[data-problem]:not([hidden])").forEach(offerProblem);
}

offerProblems();
document.addEventListener("triage:shown", offerProblems);

const key = aside.querySelector("[data-shortcut]")?.dataset.shortcut;

addEventListener("keydown", (event) => {
  if (event.key?.toLowerCase() !== key || event.shiftKey || !isPlain(event)) return;
  event.preventDefault();
  copyPreview();
});
