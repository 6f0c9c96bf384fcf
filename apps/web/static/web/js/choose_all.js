// A box that chooses every lookup of the page; without this script they are chosen one by one.

const all = document.querySelector("[data-choose-all]");
const boxes = [...document.querySelectorAll("input.action-select")];

function follow() {
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

if (all && boxes.length) {
  for (const hidden of [all, document.querySelector("[data-choose-all-label]")]) hidden.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  for (const box of boxes) box.addEventListener("change", follow);
  follow();
}
