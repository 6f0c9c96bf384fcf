// Keeps a draft template's example current while it is edited. The server renders it; the last
// request wins.

const TYPING_MS = 400;

const part = document.querySelector("[data-example]");
const shown = part.querySelector("[data-shown]");
const form = part.closest("form");

let timer;
let latest = 0;

async function update() {
  latest += 1;
  const mine = latest;
  const response = await fetch(part.dataset.example, { method: "POST", body: new FormData(form) });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const example = page.querySelector(".draft-example");
  if (mine === latest && example) shown.replaceChildren(document.importNode(example, true));
}

function updateSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => update().catch(() => {}), TYPING_MS);
}

part.querySelector("[formaction]").hidden = true;
form.addEventListener("input", updateSoon);
update().catch(() => {});
