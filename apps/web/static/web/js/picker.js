// Turns the second time field into a button that fills the first one.

const TYPED = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?$/;

function addButton(picker, typed) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button pick";
  button.textContent = "Choose";
  button.setAttribute("aria-label", "Choose date and time");
  button.addEventListener("click", () => {
    if (TYPED.test(typed.value.trim())) picker.value = typed.value.trim().replace(" ", "T");
    picker.showPicker();
  });
  picker.closest(".field").append(button);
}

for (const form of document.querySelectorAll("[data-lookup]")) {
  const typed = form.elements.at;
  const picker = form.elements.at_picker;
  if (!typed || !picker || typeof picker.showPicker !== "function") continue;
  if (picker.value && !typed.value) typed.value = picker.value.replace("T", " ");
  picker.closest(".field").classList.add("is-picker");
  picker.tabIndex = -1;
  picker.setAttribute("aria-hidden", "true");
  addButton(picker, typed);
  picker.addEventListener("change", () => {
    if (picker.value) typed.value = picker.value.replace("T", " ");
  });
  form.addEventListener("submit", () => {
    picker.value = "";
  });
}
