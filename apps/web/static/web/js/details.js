// Reads what stands in an event when it is opened for the first time.

async function fill(details) {
  const place = details.querySelector("[data-body]");
  if (!place || place.dataset.state) return;
  place.dataset.state = "reading";
  try {
    const response = await fetch(`${place.querySelector("a").href}brief/`);
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    const body = new DOMParser().parseFromString(await response.text(), "text/html").body;
    place.replaceChildren(...body.childNodes);
  } catch {
    delete place.dataset.state;
    place.querySelector("[data-unread]").textContent = "It could not be read just now.";
  }
}

// "toggle" does not bubble, and events come and go with the filter.
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.open && event.target.matches(".event > details")) fill(event.target);
  },
  true,
);
for (const details of document.querySelectorAll(".event > details[open]")) fill(details);
