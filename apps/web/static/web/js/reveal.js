// Opens the event or known error that the URL, a timeline mark, or a link points to.

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
// A second click on the same mark does not change the URL.
document.addEventListener("click", (event) => {
  if (event.target.closest('a[href^="#event-"], a[href^="#known-"]')) requestAnimationFrame(reveal);
});
if (/^#(event|known)-/.test(location.hash)) reveal();
