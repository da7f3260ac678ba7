// What a till gains with script: keys that press what stands beside them. Without: Tab and Enter.

const isTyping = (element) =>
  element.matches("input:not([type=checkbox], [type=radio]), select, textarea") &&
  element.value !== "";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const isInput = event.target.matches("input, select, textarea");
  if (event.key !== "Escape" && isInput) return;
  if (event.key === "Escape" && isTyping(event.target)) {
    event.target.value = "";
    return;
  }
  const pressed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (pressed) {
    event.preventDefault();
    pressed.click();
  }
});
