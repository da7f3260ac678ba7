// What pages gain with script; without it they work the same.

// A form that changes something is sent once: a second press finds the button busy. The server
// would see the same request id and answer with the first result anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-once")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const pressed = event.submitter ?? form.querySelector("button[type=submit]");
  pressed.setAttribute("aria-busy", "true");
});

// A page that comes back from the browser's memory can be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// Printing needs script, so its button appears with it, also in what htmx has swapped in.
const offerPrinting = () => {
  for (const button of document.querySelectorAll("[data-print][hidden]")) button.hidden = false;
};
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
document.addEventListener("htmx:afterSettle", offerPrinting);
offerPrinting();

// Choosing a country shows the plans at once.
for (const chooser of document.querySelectorAll(".filter select")) {
  chooser.addEventListener("change", () => chooser.form.requestSubmit());
}
