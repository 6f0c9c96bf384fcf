// Requests or creates a passkey and submits the form with it.
const isSupported = window.PublicKeyCredential?.parseRequestOptionsFromJSON;

const FAILED = "That didn't work, and nothing was changed. Try again.";

async function submit(form, getCredential) {
  const status = form.querySelector(".signin-said");
  status.textContent = "Follow the steps on your device.";
  try {
    const credential = await getCredential();
    form.elements.namedItem("credential").value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch {
    status.textContent = FAILED;
  }
}

function request(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
  return navigator.credentials.get({ publicKey });
}

function create(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey);
  return navigator.credentials.create({ publicKey });
}

async function optionsFrom(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).request_options;
}

function connect(selector, getCredential) {
  for (const form of document.querySelectorAll(selector)) {
    if (!isSupported) {
      form.querySelector(".signin-said").textContent = "This browser is too old for passkeys.";
      continue;
    }
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit(form, () => getCredential(form));
    });
  }
}

connect("[data-passkey-login]", async (form) => request(await optionsFrom(form.dataset.options)));
connect("[data-passkey-get]", (form) => request(JSON.parse(form.dataset.passkeyGet)));
connect("[data-passkey-create]", (form) => create(JSON.parse(form.dataset.passkeyCreate)));
