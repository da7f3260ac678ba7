// The telephone of the demo, with script: what is said is spoken, and a keyboard's keys are keys.
// Without it every key is a button of a form.
(() => {
  "use strict";
  const remembered = "everline-hotline-speaks";
  const button = document.querySelector(".speaker");
  const voice = window.speechSynthesis;

  function speak() {
    voice.cancel();
    document.querySelectorAll("[data-heard] p[lang]").forEach((heard) => {
      const said = new SpeechSynthesisUtterance(heard.textContent);
      said.lang = heard.lang;
      voice.speak(said);
    });
  }

  if (button && voice) {
    const show = (speaks) => {
      button.textContent = speaks ? button.dataset.hush : button.dataset.speak;
      button.setAttribute("aria-pressed", String(speaks));
    };
    let speaks = sessionStorage.getItem(remembered) === "yes";
    button.hidden = false;
    show(speaks);
    if (speaks) {
      speak();
    }
    button.addEventListener("click", () => {
      speaks = !speaks;
      sessionStorage.setItem(remembered, speaks ? "yes" : "no");
      show(speaks);
      if (speaks) {
        speak();
      } else {
        voice.cancel();
      }
    });
  }

  document.addEventListener("keydown", (event) => {
    const isTyped = event.target.closest("select, input:not([type=hidden])");
    if (isTyped || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const key = [...document.querySelectorAll(".key")].find((each) => each.value === event.key);
    if (key && !key.disabled) {
      key.click();
    }
  });
})();
