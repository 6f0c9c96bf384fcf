// Says when more came in of a window that was still young: asked once a minute, for a quarter of an
// hour, and only while the page is looked at.

const EVERY_MS = 60000;
const MOST_TIMES = 15;

const place = document.querySelector("[data-newer]");
let times = 0;

async function look() {
  if (document.visibilityState !== "visible") return;
  times += 1;
  if (times >= MOST_TIMES) clearInterval(timer);
  const response = await fetch(place.dataset.newer).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const { sentence } = await response.json();
  if (!sentence || place.textContent.startsWith(sentence)) return;
  const button = document.createElement("button");
  button.className = "text-button";
  button.setAttribute("form", "refresh");
  button.textContent = "Show";
  place.replaceChildren(`${sentence} `, button);
}

const timer = setInterval(look, EVERY_MS);
