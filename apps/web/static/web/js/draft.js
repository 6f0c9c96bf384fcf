// Copies a draft as it was edited, and keeps the mail link up with it. Tells the server that it was
// taken, never its text.

import { write } from "./clipboard.js";

const SAID_FOR_MS = 4000;
const MOST_LETTERS = 1900; // as apps/answers/templates.py

const form = document.querySelector("[data-draft]");
const subject = form.querySelector("[data-subject]");
const text = form.querySelector("[data-text]");
const mail = form.querySelector("[data-mail]");
const copy = form.querySelector("[data-copy-draft]");
const said = form.querySelector("[data-said]");

let timer;

function say(words) {
  said.textContent = words;
  clearTimeout(timer);
  timer = setTimeout(() => {
    said.textContent = "";
  }, SAID_FOR_MS);
}

function record(how) {
  const body = new URLSearchParams({ kind: form.dataset.draft, how });
  const headers = { "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value };
  fetch(form.dataset.drafted, { method: "POST", body, headers, keepalive: true }).catch(() => {});
}

// A lone half of a letter, which typing can leave behind, cannot be encoded.
const encoded = (words) => encodeURIComponent(words.toWellFormed?.() ?? words);

function link() {
  const lines = text.value.replace(/\r\n?|\n/g, "\r\n");
  return `mailto:?subject=${encoded(subject.value)}&body=${encoded(lines)}`;
}

function update() {
  const address = link();
  const fits = address.length <= MOST_LETTERS;
  mail.hidden = !fits;
  form.querySelector("[data-too-long]").hidden = fits;
  if (fits) mail.href = address;
}

form.querySelector("[data-keep]").hidden = true;
copy.hidden = false;

copy.addEventListener("click", async () => {
  try {
    await write(text.value);
    say("Copied");
    record("copied");
  } catch {
    text.focus();
    text.select();
    say("Press Ctrl+C to copy the selected text.");
  }
});

mail.addEventListener("click", () => record("mailed"));
for (const field of [subject, text]) field.addEventListener("input", update);
