// Fills the customer's name into a known error's reply, copies it, and saves feedback without a
// reload. The name never leaves the page; the server learns only that a reply was copied.

import { write } from "./clipboard.js";

const STATUS_MS = 4000;
const MAX_NAME_LENGTH = 80;

let name = "";

function greet() {
  const shortName = name.replace(/\s+/gu, " ").trim().slice(0, MAX_NAME_LENGTH);
  for (const field of document.querySelectorAll("[data-known-name]")) {
    if (field.value !== name) field.value = name;
  }
  for (const reply of document.querySelectorAll("[data-reply]")) {
    const { named, unnamed } = reply.dataset;
    const greeting = shortName ? named.replace("{name}", () => shortName) : unnamed;
    for (const span of reply.querySelectorAll("[data-greeting]")) span.textContent = greeting;
  }
}

function prepare() {
  for (const button of document.querySelectorAll("[data-copy-reply]")) button.hidden = false;
  for (const button of document.querySelectorAll("[data-known-fill]")) button.hidden = true;
  greet();
}

const textOf = (reply) =>
  [...reply.childNodes].map((one) => (one.nodeName === "BR" ? "\n" : one.textContent)).join("");

function flash(status, text) {
  status.textContent = text;
  clearTimeout(status.flashTimer);
  status.flashTimer = setTimeout(() => {
    status.textContent = "";
  }, STATUS_MS);
}

// Leaves the name out. A failure is ignored: the copy has already been made.
function record(known, form) {
  const body = new URLSearchParams(new FormData(form));
  body.delete("name");
  fetch(known.dataset.known, { method: "POST", body, keepalive: true }).catch(() => {});
}

async function copy(button) {
  const known = button.closest("[data-known]");
  const reply = known.querySelector("[data-reply]");
  const status = known.querySelector("[data-copied]");
  try {
    await write(textOf(reply));
    flash(status, "Copied");
    record(known, button.form);
  } catch {
    getSelection().selectAllChildren(reply);
    clearTimeout(status.flashTimer);
    status.textContent = "Press Ctrl+C to copy the selected text.";
  }
}

async function sendFeedback(form, submitter) {
  const status = form.querySelector("[data-said]");
  const body = new URLSearchParams(new FormData(form, submitter));
  try {
    const headers = { "X-Triage-Part": "feedback" };
    const response = await fetch(form.action, { method: "POST", body, headers });
    if (!response.ok) throw new Error(String(response.status));
    for (const button of form.querySelectorAll("[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button === submitter));
    }
    status.textContent = "Noted. You can change your answer.";
  } catch {
    status.textContent = "We couldn't save that. Reload the page.";
  }
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-known-name]")) return;
  name = event.target.value;
  greet();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy-reply]");
  if (button) copy(button);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-known-take]")) event.preventDefault();
  if (!form.matches("[data-known-feedback]")) return;
  event.preventDefault();
  sendFeedback(form, event.submitter);
});

prepare();
document.addEventListener("triage:shown", prepare);
