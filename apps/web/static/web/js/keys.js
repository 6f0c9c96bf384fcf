// Single keys on a result: / for another customer, j and k for the problems, ? for the list.

const TYPED_INTO = "textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])";

export const isTyping = (event) => Boolean(event.target.closest?.(TYPED_INTO));

export function isPlain(event) {
  const isHeld = event.ctrlKey || event.metaKey || event.altKey;
  return !isHeld && !event.repeat && !event.isComposing && !isTyping(event);
}

const list = document.querySelector("[data-key-list]");

function walk(step) {
  const stops = [...document.querySelectorAll(".issue")].filter((one) => one.checkVisibility());
  const here = stops.findIndex((one) => one.contains(document.activeElement));
  const next = stops[here < 0 ? (step > 0 ? 0 : stops.length - 1) : here + step];
  if (!next) return;
  const title = next.querySelector("h3");
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

function another() {
  const field = document.getElementById("id_customer");
  if (!field.checkVisibility()) location.hash = "ask";
  field.focus();
  field.select();
}

const DEEDS = {
  "/": another,
  j: () => walk(1),
  k: () => walk(-1),
  "?": () => list.showModal(),
};

if (list) {
  for (const opener of document.querySelectorAll("[data-keys-open]")) {
    opener.hidden = false;
    opener.addEventListener("click", () => list.showModal());
  }
  addEventListener("keydown", (event) => {
    const deed = DEEDS[event.key.toLowerCase()];
    if (!deed || list.open || !isPlain(event)) return;
    event.preventDefault();
    deed();
  });
}
