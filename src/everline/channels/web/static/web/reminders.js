// Switching reminders on: the browser asks, then tells where it can be reached and how to seal what
// is sent to it. The form carries that to us; without script the page says what to do instead.

const form = document.querySelector("form[data-push]");
const tell = (name) => {
  for (const each of document.querySelectorAll("[data-told]")) {
    each.hidden = each.dataset.told !== name;
  }
};
const key = (text) => {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (sign) => sign.charCodeAt(0));
};
const subscribe = async () => {
  if ((await Notification.requestPermission()) !== "granted") return tell("denied");
  const { pushManager } = await navigator.serviceWorker.ready;
  const wanted = { userVisibleOnly: true, applicationServerKey: key(form.dataset.push) };
  let found = await pushManager.getSubscription();
  if (found && form.dataset.push !== encoded(found.options.applicationServerKey)) {
    await found.unsubscribe();
    found = null;
  }
  const { endpoint, keys } = (found ?? (await pushManager.subscribe(wanted))).toJSON();
  form.elements.endpoint.value = endpoint;
  form.elements.public_key.value = keys.p256dh;
  form.elements.secret.value = keys.auth;
  return form.submit();
};
const encoded = (bytes) => {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes ?? [])));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

if (form) {
  const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  if (can) {
    const button = form.querySelector("button");
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.setAttribute("aria-busy", "true");
      try {
        await subscribe();
      } catch {
        tell("failed");
      }
      button.removeAttribute("aria-busy");
    });
    tell(Notification.permission === "denied" ? "denied" : "");
  } else {
    tell("unable");
  }
}
