// Single-key shortcuts on a result: / for another customer, j and k for problems, ? for the list.

const TYPED_INTO = "textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])";

export const isTyping = (event) => Boolean(event.target.closest?.(TYPED_INTO));

export function isPlain(event) {
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
  return !hasModifier && !event.repeat && !event.isComposing && !isTyping(event);
}

const list = document.querySelector("[data-key-list]");

function moveToProblem(step) {
  const problems = [...document.querySelectorAll(".issue")].filter((one) => one.checkVisibility());
  const current = problems.findIndex((one) => one.contains(document.activeElement));
  const next = problems[current < 0 ? (step > 0 ? 0 : problems.length - 1) : current + step];
  if (!next) return;
  const title = next.querySelector(".fold > summary") ?? next.querySelector("h3");
  if (title.matches("summary")) title.parentElement.open = true;
  else title.tabIndex = -1;
  title.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

function focusCustomer() {
  const field = document.getElementById("id_customer");
  document.getElementById("ask").open = true;
  field.focus();
  field.select();
}

const SHORTCUTS = {
  "/": focusCustomer,
  j: () => moveToProblem(1),
  k: () => moveToProblem(-1),
  "?": () => list.showModal(),
};

if (list) {
  for (const opener of document.querySelectorAll("[data-keys-open]")) {
    opener.hidden = false;
    opener.addEventListener("click", () => list.showModal());
  }
  addEventListener("keydown", (event) => {
    const act = SHORTCUTS[event.key.toLowerCase()];
    if (!act || list.open || !isPlain(event)) return;
    event.preventDefault();
    act();
  });
}
