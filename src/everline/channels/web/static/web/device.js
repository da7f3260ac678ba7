// What a device remembers for its owner, if they want: until when cards are valid. It stays here,
// is sent nowhere, and goes at a press. A number is kept as it is shown, with its middle hidden.

const NAME = "everline.cards";
const MOST = 10;

const read = () => {
  try {
    const found = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
};
const write = (cards) => {
  try {
    if (cards.length) localStorage.setItem(NAME, JSON.stringify(cards.slice(0, MOST)));
    else localStorage.removeItem(NAME);
    return true;
  } catch {
    return false;
  }
};

// The card's own page: keep, keep anew at each look, or forget.
const keeper = document.querySelector("[data-keep]");
if (keeper) {
  const { masked, standing, until, path } = keeper.dataset;
  const wanted = keeper.textContent.trim();
  const others = () => read().filter((card) => card.path !== path);
  const isKept = () => read().some((card) => card.path === path);
  const keep = () => write([{ masked, standing, until, path, at: Date.now() }, ...others()]);
  const show = () => {
    keeper.textContent = isKept() ? keeper.dataset.forget : wanted;
    keeper.setAttribute("aria-pressed", String(isKept()));
  };
  if (isKept()) keep();
  keeper.addEventListener("click", () => {
    if (isKept()) write(others());
    else keep();
    show();
  });
  show();
  keeper.classList.add("ready");
}

// The list of what is kept, on the page of the app and without a connection.
const list = document.querySelector("[data-kept]");
const language = document.documentElement.lang;
const style = { dateStyle: "medium", timeStyle: "short" };
const said = (at) => new Date(at).toLocaleString(language, style);
const row = (card) => {
  const made = document.querySelector("template[data-card]").content.cloneNode(true);
  const part = (name) => made.querySelector(`[data-part=${name}]`);
  part("masked").textContent = card.masked;
  part("standing").textContent = card.standing;
  part("at").textContent = part("at").dataset.text.replace("{at}", said(card.at));
  const isOver = card.until && new Date(card.until) < new Date();
  if (!isOver) part("over").remove();
  if (/^\/cards\/[\w.-]+$/.test(card.path)) part("open").href = card.path;
  else part("open").remove();
  return made;
};
const showList = () => {
  const cards = read();
  list.replaceChildren(...cards.map(row));
  for (const each of document.querySelectorAll("[data-when]")) {
    each.hidden = (each.dataset.when === "some") !== cards.length > 0;
  }
};
if (list) {
  document.querySelector("[data-clear]").addEventListener("click", () => {
    write([]);
    showList();
  });
  showList();
}

// Installing: the browser offers it when it is ready; the steps in words stand below all the same.
window.addEventListener("beforeinstallprompt", (event) => {
  const button = document.querySelector("[data-install]");
  if (!button) return;
  event.preventDefault();
  button.hidden = false;
  button.addEventListener("click", () => event.prompt());
});

const agent = navigator.userAgent;
const isApple = /iPhone|iPad/.test(agent);
const mine = isApple ? "apple" : /Android/.test(agent) ? "android" : "desktop";
document.querySelector(`[data-place=${mine}]`)?.setAttribute("aria-current", "true");
