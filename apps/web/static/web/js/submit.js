// Shows that a lookup is in progress, and ignores a second click.

for (const form of document.querySelectorAll("[data-lookup]")) {
  const status = form.querySelector("[data-busy-status]");
  let button = form.querySelector("[data-busy-text]");
  if (!button) continue;
  let label = [...button.childNodes];

  form.addEventListener("submit", (event) => {
    if (form.dataset.busy) {
      event.preventDefault();
      return;
    }
    form.dataset.busy = "yes";
    if (event.submitter?.dataset.busyText) button = event.submitter;
    label = [...button.childNodes];
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busyText;
    if (status) status.textContent = "This can take a few seconds.";
  });

  // The back button restores the page as it was left.
  addEventListener("pageshow", () => {
    delete form.dataset.busy;
    button.removeAttribute("aria-disabled");
    button.replaceChildren(...label);
    if (status) status.textContent = "";
  });
}
