// What a kiosk gains with script: keys that write at once, and a screen that forgets by itself.
// Without it each key sends the form, and a refresh leads back to the first page.

const field = () => document.querySelector(".typed input");

document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-press]");
  const input = field();
  if (!key || !input) return;
  event.preventDefault();
  if (key.value === "clear") input.value = "";
  else if (key.value === "back") input.value = input.value.slice(0, -1);
  else input.value += key.value;
  input.focus();
});

// A page out of the browser's memory may be of somebody who has gone.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

const anybody = document.querySelector("[data-idle]");
if (anybody) {
  const leave = () => location.replace(anybody.dataset.home);
  // At the card terminal and the phone people look elsewhere, and the visit ends by its own time.
  const elsewhere = '[data-stage="card"], [data-stage="phone"]';
  const factor = () => (document.querySelector(elsewhere) ? 3 : 1);
  const now = () => performance.now() / 1000;
  let touched = now();
  const touch = () => {
    touched = now();
    if (anybody.open) anybody.close();
  };
  for (const kind of ["pointerdown", "keydown", "input"]) document.addEventListener(kind, touch);
  anybody.querySelector("[data-stay]").addEventListener("click", () => location.reload());
  setInterval(() => {
    const waits = Number(anybody.dataset.idle) * factor();
    const left = Math.ceil(waits + Number(anybody.dataset.left) - (now() - touched));
    if (left <= 0) leave();
    else if (left <= Number(anybody.dataset.left)) {
      anybody.querySelector("[data-countdown]").textContent = left;
      if (!anybody.open) anybody.showModal();
    }
  }, 500);
}

// The first screen asks now and then whether we are there, and says so when we are not.
const lost = document.querySelector("[data-alive]");
if (lost) {
  const ask = async () => {
    try {
      const answer = await fetch(lost.dataset.alive, { cache: "no-store" });
      lost.hidden = answer.ok;
    } catch {
      lost.hidden = false;
    }
  };
  setInterval(ask, 30_000);
}
