// The tour with script: acts without leaving the page, and a page that looks again every second.
// Without it the forms and a reload do the same. What changed is taken over part by part, so that
// only what is new moves.

const EVERY_MS = 1000;
let acting = false;

const take = (text) => {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (now && part.innerHTML !== now.innerHTML) part.replaceChildren(...now.childNodes);
  }
};

const look = async () => {
  if (document.hidden || acting) return;
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (answer.ok && !acting) take(await answer.text());
};

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  if (acting) return;
  acting = true;
  document.body.dataset.acting = form.dataset.act;
  form.querySelector("button").setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    take(await answer.text());
  } finally {
    acting = false;
    delete document.body.dataset.acting;
    form.querySelector("button").removeAttribute("aria-busy");
  }
});

setInterval(() => look().catch(() => {}), EVERY_MS);
