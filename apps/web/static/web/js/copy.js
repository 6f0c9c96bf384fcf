// Copies the text of a text box, exactly as it stands there, and says so.

function say(text) {
  for (const place of document.querySelectorAll("[data-copy-status]")) place.textContent = text;
}

function selectAll(box) {
  box.focus();
  box.select();
}

async function copy(button) {
  const box = document.getElementById(button.dataset.copy);
  const label = button.dataset.label;
  try {
    await navigator.clipboard.writeText(box.value);
    say("Copied");
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = label;
      say("");
    }, 4000);
  } catch {
    selectAll(box);
    say("Press Ctrl+C to copy the marked text.");
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.dataset.label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
