// Reads what was late beside the errors once the page stands, and puts it in place.

async function readLater(form) {
  const button = form.querySelector("button");
  button.textContent = "Loading…";
  button.setAttribute("aria-disabled", "true");
  const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (!response.ok) throw new Error(String(response.status));
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const place of ["#beside", "[data-facts]"]) {
    const now = document.querySelector(place);
    const then = page.querySelector(place);
    if (now && then) now.replaceWith(then);
    else if (now) now.remove();
  }
  document.dispatchEvent(new CustomEvent("triage:more"));
}

const form = document.querySelector("form[data-read-later]");
if (form) {
  readLater(form).catch(() => {
    const button = form.querySelector("button");
    button.textContent = "Load them now";
    button.removeAttribute("aria-disabled");
  });
}
