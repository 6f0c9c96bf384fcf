// Checks a window that was still open for new events: once a minute, up to 15 times, and only while
// the page is visible.

const EVERY_MS = 60000;
const MAX_CHECKS = 15;

const status = document.querySelector("[data-newer]");
let checks = 0;

async function check() {
  if (document.visibilityState !== "visible") return;
  checks += 1;
  if (checks >= MAX_CHECKS) clearInterval(timer);
  const response = await fetch(status.dataset.newer).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const { sentence } = await response.json();
  if (!sentence || status.textContent.startsWith(sentence)) return;
  const button = document.createElement("button");
  button.className = "text-button";
  button.setAttribute("form", "refresh");
  button.textContent = "Show";
  status.replaceChildren(`${sentence} `, button);
}

const timer = setInterval(check, EVERY_MS);
