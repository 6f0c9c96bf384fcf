// Copies a new API token.

import { write } from "./clipboard.js";

const field = document.getElementById("token");
const status = document.querySelector("[data-copy-status]");
const button = document.querySelector("[data-copy-token]");

button.hidden = false;
button.addEventListener("click", async () => {
  try {
    await write(field.value);
    status.textContent = "Copied";
  } catch {
    field.focus();
    field.select();
    status.textContent = "Press Ctrl+C to copy the selected text.";
  }
});
