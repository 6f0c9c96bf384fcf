// Adds a checkbox that selects every lookup on the page.

const all = document.querySelector("[data-choose-all]");
const boxes = [...document.querySelectorAll("input.action-select")];

function update() {
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

if (all && boxes.length) {
  for (const hidden of [all, document.querySelector("[data-choose-all-label]")]) hidden.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  for (const box of boxes) box.addEventListener("change", update);
  update();
}
