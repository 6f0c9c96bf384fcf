// Passkeys: asks the browser for one, or to make one, and sends the form with its answer.
const knows = window.PublicKeyCredential?.parseRequestOptionsFromJSON;

const FAILED = "That did not work. Nothing was changed; please try again.";

async function send(form, make) {
  const said = form.querySelector(".signin-said");
  said.textContent = "Follow the steps on your device.";
  try {
    const credential = await make();
    form.elements.namedItem("credential").value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch {
    said.textContent = FAILED;
  }
}

function show(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
  return navigator.credentials.get({ publicKey });
}

function create(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey);
  return navigator.credentials.create({ publicKey });
}

async function optionsFrom(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).request_options;
}

function connect(selector, make) {
  for (const form of document.querySelectorAll(selector)) {
    if (!knows) {
      form.querySelector(".signin-said").textContent = "This browser is too old for passkeys.";
      continue;
    }
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form, () => make(form));
    });
  }
}

connect("[data-passkey-login]", async (form) => show(await optionsFrom(form.dataset.options)));
connect("[data-passkey-get]", (form) => show(JSON.parse(form.dataset.passkeyGet)));
connect("[data-passkey-create]", (form) => create(JSON.parse(form.dataset.passkeyCreate)));
