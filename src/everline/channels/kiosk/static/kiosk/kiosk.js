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

// Whether the server answers is asked all the time, as nothing leaves the screen when it does not:
// the browser's own page of errors would stay there, with nobody to take it away. What says so is a
// note within a visit, shown when somebody presses, and a cover on the first screen.
const lost = document.querySelector("[data-alive]");
const isNote = lost instanceof HTMLDialogElement;
const ANSWER_MS = 4000;
const AGAIN_MS = 2000;
let hasAnswered = true;

const isReached = async () => {
  try {
    const options = { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) };
    hasAnswered = (await fetch(lost.dataset.alive, options)).status < 500;
  } catch {
    hasAnswered = false;
  }
  if (!isNote) lost.hidden = hasAnswered;
  return hasAnswered;
};

const untilReached = async () => {
  do {
    if (isNote && !lost.open) lost.showModal();
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  } while (!(await isReached()));
  if (isNote) lost.close();
};

const isHeld = () => {
  if (!lost || (hasAnswered && navigator.onLine)) return false;
  untilReached();
  return true;
};

if (lost) {
  setInterval(isReached, isNote ? 5_000 : 30_000);
  document.addEventListener("submit", (event) => {
    if (!isHeld()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("a[href]") && isHeld()) event.preventDefault();
  });
}

const anybody = document.querySelector("[data-idle]");
if (anybody) {
  let isLeaving = false;
  const leave = async () => {
    if (isLeaving) return;
    isLeaving = true;
    if (!hasAnswered || !navigator.onLine) {
      // Nothing of the last person stays, whether or not the first screen can be had.
      lost.close();
      document.querySelector("main").replaceChildren(lost);
      await untilReached();
    }
    location.replace(anybody.dataset.home);
  };
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
  anybody.querySelector("[data-stay]").addEventListener("click", () => {
    if (!isHeld()) location.reload();
  });
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
