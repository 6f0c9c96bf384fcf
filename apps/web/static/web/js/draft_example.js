// Keeps the example of a template up with what is typed. The server fills it in; the last one wins.

const WHILE_TYPING_MS = 400;

const part = document.querySelector("[data-example]");
const shown = part.querySelector("[data-shown]");
const form = part.closest("form");

let timer;
let turn = 0;

async function update() {
  turn += 1;
  const mine = turn;
  const response = await fetch(part.dataset.example, { method: "POST", body: new FormData(form) });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const example = page.querySelector(".draft-example");
  if (mine === turn && example) shown.replaceChildren(document.importNode(example, true));
}

function updateSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => update().catch(() => {}), WHILE_TYPING_MS);
}

part.querySelector("[formaction]").hidden = true;
form.addEventListener("input", updateSoon);
update().catch(() => {});
