// The nearest places by the browser's position. Without script, or without a yes, one chooses a
// city; the position is sent in the form's body and kept nowhere.

const form = document.querySelector("form[data-position]");
if (form && "geolocation" in navigator) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.setAttribute("aria-busy", "true");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.latitude.value = coords.latitude.toFixed(6);
        form.elements.longitude.value = coords.longitude.toFixed(6);
        form.submit();
      },
      () => {
        button.removeAttribute("aria-busy");
        form.querySelector("[role=alert]").hidden = false;
      },
      { maximumAge: 60000, timeout: 10000 },
    );
  });
}
