// Passkeys (WebAuthn): the browser signs, and a form carries its answer. Without script, or without
// such a device, the parts that need it stay hidden.

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) =>
    sign.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const listed = (known) => known?.map((each) => ({ ...each, id: bytes(each.id) }));

const answered = (made) => {
  const response = {};
  for (const name of [
    "clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle",
  ]) {
    if (made.response[name]) response[name] = text(made.response[name]);
  }
  return JSON.stringify({
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response,
    clientExtensionResults: made.getClientExtensionResults(),
  });
};

const make = async (form) => {
  const { publicKey } = JSON.parse(form.dataset.options);
  return navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: listed(publicKey.excludeCredentials),
    },
  });
};

const sign = async (form) => {
  const asked = await fetch(form.dataset.challenge, { headers: { accept: "application/json" } });
  const { publicKey, error } = await asked.json();
  if (error) throw new Error(error);
  return navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      allowCredentials: listed(publicKey.allowCredentials),
    },
  });
};

for (const form of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    const failed = form.querySelector(".error");
    failed.hidden = true;
    try {
      const made = await (form.dataset.passkey === "make" ? make(form) : sign(form));
      form.elements.credential.value = answered(made);
      form.requestSubmit();
    } catch {
      failed.hidden = false;
    }
  });
}
