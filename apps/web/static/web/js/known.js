// Saves feedback on a known error without a reload.

async function sendFeedback(form, submitter) {
  const status = form.querySelector("[data-said]");
  const body = new URLSearchParams(new FormData(form, submitter));
  try {
    const headers = { "X-Triage-Part": "feedback" };
    const response = await fetch(form.action, { method: "POST", body, headers });
    if (!response.ok) throw new Error(String(response.status));
    for (const button of form.querySelectorAll("[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button === submitter));
    }
    status.textContent = "Noted. You can change your answer.";
  } catch {
    status.textContent = "We couldn't save that. Reload the page.";
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-known-feedback]")) return;
  event.preventDefault();
  sendFeedback(form, event.submitter);
});
