// Counts down and reloads the page: only while it is visible, up to three times, and with a random
// delay so that people who wait do not all retry at once.

const MAX_TRIES = 3;
const SPREAD_S = 4;

function start(status) {
  const key = `tries-${status.dataset.lookup}`;
  const tries = Number(sessionStorage.getItem(key) ?? 0);
  if (tries >= MAX_TRIES) {
    status.textContent = `We tried ${MAX_TRIES} times automatically. Try again later.`;
    return;
  }
  const due = Date.now() + (Number(status.dataset.retryAfter) + Math.random() * SPREAD_S) * 1000;
  status.textContent = "This page will try again automatically. You don't need to do anything.";
  document.querySelector("[data-next-step]")?.remove();
  const countdown = status.parentElement.querySelector("[data-countdown-left]");

  const timer = setInterval(() => {
    const left = Math.ceil((due - Date.now()) / 1000);
    const seconds = left === 1 ? "1 second" : `${left} seconds`;
    if (countdown) countdown.textContent = left > 0 ? `Next attempt in ${seconds}` : "Trying again";
    if (left > 0 || document.visibilityState !== "visible") return;
    clearInterval(timer);
    sessionStorage.setItem(key, String(tries + 1));
    location.reload();
  }, 250);
}

for (const status of document.querySelectorAll("[data-retry-after]")) start(status);
