// Copies the previewed text, or the text of one problem, and reports the copy to the server.

import { write } from "./clipboard.js";
import { isPlain } from "./keys.js";
import { ask, chosen, isSettled, previewed, settled } from "./panel.js";

const STATUS_MS = 4000;

const panel = document.querySelector("[data-export]");
const box = document.getElementById("export-text");
const toast = document.querySelector("[data-toast]");
const buttons = document.querySelectorAll("[data-copy]");

function flash(element, text) {
  element.dataset.before ??= element.textContent;
  element.textContent = text;
  clearTimeout(element.flashTimer);
  element.flashTimer = setTimeout(() => {
    element.textContent = element.dataset.before;
  }, STATUS_MS);
}

// A failure is ignored: the copy has already been made.
function record(choice) {
  const headers = { "X-CSRFToken": panel.dataset.csrf };
  fetch(panel.dataset.copied, { method: "POST", body: choice, headers, keepalive: true }).catch(
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
    for (const button of buttons) flash(button.querySelector("[data-copy-label]"), "Copied");
    flash(toast, `Copied: ${panel.querySelector("[data-choice]").textContent.trim()}`);
    record(choice);
  } catch {
    panel.open = true;
    box.focus();
    box.select();
    flash(toast, "Press Ctrl+C to copy the selected text.");
  }
}

async function copyProblem(link, status) {
  const choice = chosen();
  choice.set("issue", link.dataset.problem);
  const page = ask(choice);
  try {
    await write(page.then((loaded) => loaded.getElementById("export-text").value));
    flash(toast, "Copied: the text of this problem");
    record(choice);
  } catch {
    status.textContent = await page.then(
      () => "Your browser didn't allow copying. Download it instead:",
      (refused) => refused.message,
    );
    link.hidden = false;
  }
}

for (const button of buttons) {
  button.hidden = false;
  button.addEventListener("click", copyPreview);
}

function addCopyButton(link) {
  const linkStatus = link.nextElementSibling;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "text-button";
  button.textContent = "Copy this problem";
  button.setAttribute("aria-describedby", link.getAttribute("aria-describedby"));
  button.addEventListener("click", () => copyProblem(link, linkStatus));
  link.hidden = true;
  link.before(button, linkStatus);
}

function addCopyButtons() {
  document.querySelectorAll("[data-problem]:not([hidden])").forEach(addCopyButton);
}

addCopyButtons();
document.addEventListener("triage:shown", addCopyButtons);

const key = document.querySelector("[data-shortcut]")?.dataset.shortcut;

addEventListener("keydown", (event) => {
  if (event.key?.toLowerCase() !== key || event.shiftKey || !isPlain(event)) return;
  event.preventDefault();
  copyPreview();
});
