// Counts down to the next try and then tries by itself: only while the page is looked at, three
// times at most, and a few seconds apart from everyone else who waits.

const MOST_TRIES = 3;
const SPREAD_S = 4;

function start(place) {
  const key = `tries-${place.dataset.lookup}`;
  const tries = Number(sessionStorage.getItem(key) ?? 0);
  if (tries >= MOST_TRIES) {
    place.textContent = `We tried ${MOST_TRIES} times automatically. Try again later.`;
    return;
  }
  const due = Date.now() + (Number(place.dataset.retryAfter) + Math.random() * SPREAD_S) * 1000;
  place.textContent = "This page will try again automatically. You don't need to do anything.";
  document.querySelector("[data-next-step]")?.remove();
  const shown = place.parentElement.querySelector("[data-countdown-left]");

  const timer = setInterval(() => {
    const left = Math.ceil((due - Date.now()) / 1000);
    if (shown) shown.textContent = left > 0 ? `Next try in ${left} s` : "Trying again";
    if (left > 0 || document.visibilityState !== "visible") return;
    clearInterval(timer);
    sessionStorage.setItem(key, String(tries + 1));
    location.reload();
  }, 250);
}

for (const place of document.querySelectorAll("[data-retry-after]")) start(place);
