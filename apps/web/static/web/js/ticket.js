// Brings the ticket's box into view when it opens. A ticket pasted as the customer goes there.

const box = document.querySelector("[data-ticket]");
const text = box.querySelector("textarea");
const button = box.querySelector("button");

box.addEventListener("toggle", () => {
  if (!box.open) return;
  (text.value ? button : text).focus({ preventScroll: true });
  box.scrollIntoView({ block: "nearest" });
});

const TIME = /(^|\s)\(?(\d{1,2}[:.]\d{2}|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})(?![\w.@])/;
const PLAIN_WORD = /^\p{Ll}{4,}$/u; // names have others, and particles such as "de la"

// One line is a ticket if it has a time beside other words, or reads like a sentence.
function isTicket(pasted) {
  const line = pasted.trim();
  const words = line.split(/\s+/);
  if (line.includes("\n")) return true;
  if (words.length > 2 && TIME.test(line)) return true;
  const plain = words.filter((word) => PLAIN_WORD.test(word)).length;
  return words.length > 6 && plain > 2 && (/[.!?,;:]\s/.test(line) || words.length > 11);
}

document.getElementById("id_customer").addEventListener("paste", (event) => {
  const pasted = event.clipboardData.getData("text/plain");
  if (!isTicket(pasted)) return;
  event.preventDefault();
  text.value = pasted;
  box.open = true;
});
