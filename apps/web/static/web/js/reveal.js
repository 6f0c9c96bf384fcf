// Opens the event or the known error that the address, a mark in the timeline or a link points at.

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
  if (event.target.closest('a[href^="#event-"], a[href^="#known-"]')) requestAnimationFrame(reveal);
});
if (/^#(event|known)-/.test(location.hash)) reveal();
