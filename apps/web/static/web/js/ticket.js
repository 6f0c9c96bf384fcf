// Brings the ticket's box into view when it opens. A whole ticket pasted as the customer goes there.

const box = document.querySelector("[data-ticket]");
const text = box.querySelector("textarea");
const button = box.querySelector("button");

box.addEventListener("toggle", () => {
  if (!box.open) return;
  (text.value ? button : text).focus({ preventScroll: true });
  box.scrollIntoView({ block: "nearest" });
});

document.getElementById("id_customer").addEventListener("paste", (event) => {
  const pasted = event.clipboardData.getData("text/plain");
  if (!pasted.trim().includes("\n")) return;
  event.preventDefault();
  text.value = pasted;
  box.open = true;
});
