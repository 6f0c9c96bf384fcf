// Loads the related data that was late once the page is there, and replaces the parts that show it.

const PARTS = ["#around", "[data-facts]", ".headline", ".in-short", ".tell", ".next-step > p"];

// Not if the drawing was filtered in the meantime, or has the focus.
function drawReleases(page) {
  const [shown, fresh] = [document, page].map((one) => one.querySelector("#timeline"));
  if (!shown || shown.dataset.said !== fresh?.dataset.said || shown.contains(document.activeElement)) return;
  shown.querySelector(".timeline").replaceWith(fresh.querySelector(".timeline"));
}

async function readLater(form) {
  const button = form.querySelector("button");
  button.textContent = "Loading…";
  button.setAttribute("aria-disabled", "true");
  const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (!response.ok) throw new Error(String(response.status));
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const selector of PARTS) {
    const old = document.querySelector(selector);
    const fresh = page.querySelector(selector);
    if (old && fresh) old.replaceWith(fresh);
    else old?.remove();
  }
  drawReleases(page);
  document.dispatchEvent(new CustomEvent("triage:more"));
}

const form = document.querySelector("form[data-read-later]");
if (form) {
  readLater(form).catch(() => {
    const button = form.querySelector("button");
    button.textContent = "Load them now";
    button.removeAttribute("aria-disabled");
  });
}
