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
// The same mark twice does not change the address.
document.addEventListener("click", (event) => {
  if (event.target.closest('a[href^="#event-"]')) requestAnimationFrame(reveal);
});
if (location.hash.startsWith("#event-")) reveal();
