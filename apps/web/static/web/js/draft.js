// Copies a draft as edited and keeps its mail link current. Reports the copy to the server, never
// the text.

import { write } from "./clipboard.js";

const STATUS_MS = 4000;
const MAX_LINK_LENGTH = 1900; // as in apps/answers/templates.py

const form = document.querySelector("[data-draft]");
const subject = form.querySelector("[data-subject]");
const text = form.querySelector("[data-text]");
const mail = form.querySelector("[data-mail]");
const copy = form.querySelector("[data-copy-draft]");
const status = form.querySelector("[data-said]");

let timer;

function flash(message) {
  status.textContent = message;
  clearTimeout(timer);
  timer = setTimeout(() => {
    status.textContent = "";
  }, STATUS_MS);
}

function record(how) {
  const body = new URLSearchParams({ kind: form.dataset.draft, how });
  const headers = { "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value };
  fetch(form.dataset.drafted, { method: "POST", body, headers, keepalive: true }).catch(() => {});
}

// encodeURIComponent throws on a lone surrogate, which typing can leave behind.
const encoded = (value) => encodeURIComponent(value.toWellFormed?.() ?? value);

function mailLink() {
  const lines = text.value.replace(/\r\n?|\n/g, "\r\n");
  return `mailto:?subject=${encoded(subject.value)}&body=${encoded(lines)}`;
}

function update() {
  const link = mailLink();
  const fits = link.length <= MAX_LINK_LENGTH;
  mail.hidden = !fits;
  form.querySelector("[data-too-long]").hidden = fits;
  if (fits) mail.href = link;
}

form.querySelector("[data-keep]").hidden = true;
copy.hidden = false;

copy.addEventListener("click", async () => {
  try {
    await write(text.value);
    flash("Copied");
    record("copied");
  } catch {
    text.focus();
    text.select();
    flash("Press Ctrl+C to copy the selected text.");
  }
});

mail.addEventListener("click", () => record("mailed"));
for (const field of [subject, text]) field.addEventListener("input", update);
