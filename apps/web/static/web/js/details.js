// Loads the body of an event when it is opened for the first time.

async function fill(details) {
  const body = details.querySelector(":scope > [data-body]");
  if (!body || body.dataset.state) return;
  body.dataset.state = "loading";
  try {
    const response = await fetch(`${body.querySelector("a").href}brief/`);
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    body.replaceChildren(...page.body.childNodes);
  } catch {
    delete body.dataset.state;
    body.querySelector("[data-unread]").textContent = "We couldn't load this event.";
  }
}

function fillVisible() {
  for (const details of document.querySelectorAll(".event > details[open]")) {
    if (details.checkVisibility()) fill(details);
  }
}

// "toggle" does not bubble, and filtering replaces the events: listen on the document, capturing.
document.addEventListener("toggle", fillVisible, true);
fillVisible();
