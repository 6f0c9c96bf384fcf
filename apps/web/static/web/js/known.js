// The reply of a known error: the name goes in as it is typed and stays in this page, a click copies
// it, and the server is told that, never what. Whether it helped is kept without a reload.

import { write } from "./clipboard.js";

const SAID_FOR_MS = 4000;
const LONGEST_NAME = 80;

let name = "";

function greet() {
  const told = name.replace(/\s+/gu, " ").trim().slice(0, LONGEST_NAME);
  for (const field of document.querySelectorAll("[data-known-name]")) {
    if (field.value !== name) field.value = name;
  }
  for (const reply of document.querySelectorAll("[data-reply]")) {
    const { named, unnamed } = reply.dataset;
    const greeting = told ? named.replace("{name}", () => told) : unnamed;
    for (const place of reply.querySelectorAll("[data-greeting]")) place.textContent = greeting;
  }
}

function offer() {
  for (const button of document.querySelectorAll("[data-copy-reply]")) button.hidden = false;
  for (const button of document.querySelectorAll("[data-known-fill]")) button.hidden = true;
  greet();
}

const written = (reply) =>
  [...reply.childNodes].map((one) => (one.nodeName === "BR" ? "\n" : one.textContent)).join("");

function say(place, text) {
  place.textContent = text;
  clearTimeout(place.sayTimer);
  place.sayTimer = setTimeout(() => {
    place.textContent = "";
  }, SAID_FOR_MS);
}

// The copy is made, whether it can be recorded or not. The name stays here.
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
    await write(written(reply));
    say(status, "Copied");
    record(known, button.form);
  } catch {
    getSelection().selectAllChildren(reply);
    clearTimeout(status.sayTimer);
    status.textContent = "Press Ctrl+C to copy the selected text.";
  }
}

async function tell(form, submitter) {
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
  tell(form, event.submitter);
});

offer();
document.addEventListener("triage:shown", offer);
