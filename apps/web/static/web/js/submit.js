// Shows that a lookup is in progress, and ignores a second click.

for (const form of document.querySelectorAll("[data-lookup]")) {
  const button = form.querySelector("[data-busy-text]");
  const status = form.querySelector("[data-busy-status]");
  if (!button) continue;
  const label = button.textContent;

  form.addEventListener("submit", (event) => {
    if (form.dataset.busy) {
      event.preventDefault();
      return;
    }
    form.dataset.busy = "yes";
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busyText;
    if (status) status.textContent = "This can take a few seconds.";
  });

  // The back button restores the page as it was left.
  addEventListener("pageshow", () => {
    delete form.dataset.busy;
    button.removeAttribute("aria-disabled");
    button.textContent = label;
    if (status) status.textContent = "";
  });
}
