// Opens the event, problem, or part of the page that the URL, a timeline mark, or a link points to.

function reveal() {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id && document.getElementById(id);
  if (!target) return;
  const own = target.matches(".event, .issue") && target.querySelector("details");
  if (own && (target.matches(".event") || own.matches(".fold"))) own.open = true;
  for (let outer = target.closest("details"); outer; outer = outer.parentElement.closest("details")) {
    outer.open = true;
  }
  target.scrollIntoView({ block: "start" });
  target.querySelector("summary")?.focus({ preventScroll: true });
}

addEventListener("hashchange", reveal);
// A second click on the same mark does not change the URL.
document.addEventListener("click", (event) => {
  if (event.target.closest('a[href^="#"]')) requestAnimationFrame(reveal);
});
if (location.hash) reveal();
