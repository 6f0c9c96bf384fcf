// Opens the event that the address or a mark in the timeline points at.

function reveal() {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id && document.getElementById(id);
  if (!target) return;
  const own = target.matches(".event") && target.querySelector("details");
  if (own) own.open = true;
  for (let outer = target.closest("details"); outer; outer = outer.parentElement.closest("details")) {
    outer.open = true;
  }
  target.scrollIntoView({ block: "start" });
  target.querySelector("summary")?.focus({ preventScroll: true });
}

addEventListener("hashchange", reveal);
for (const link of document.querySelectorAll('a[href^="#event-"]')) {
  // The same mark twice does not change the address.
  link.addEventListener("click", () => requestAnimationFrame(reveal));
}
if (location.hash.startsWith("#event-")) reveal();
