// Scanning a card's code where the browser can: typing stays first, and without a camera or a
// detector nothing is offered. What is seen goes into the field that the button names, as if it had
// been typed there.

const FORMATS = ["qr_code", "code_128", "code_39", "itf", "data_matrix"];
const LOOK_MS = 200;
const LENGTH_MAX = 200;

const offer = document.querySelector("[data-scan]");
const scanner = document.querySelector("[data-scanner]");

const detector = async () => {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return null;
  const known = await BarcodeDetector.getSupportedFormats();
  const formats = FORMATS.filter((each) => known.includes(each));
  const devices = await navigator.mediaDevices.enumerateDevices();
  const sees = devices.some((each) => each.kind === "videoinput");
  return sees && formats.length ? new BarcodeDetector({ formats }) : null;
};

const scan = async (finds) => {
  const video = scanner.querySelector("video");
  const wanted = { audio: false, video: { facingMode: "environment" } };
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia(wanted);
  } catch {
    offer.hidden = true;
    return;
  }
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  scanner.addEventListener("close", stop, { once: true });
  window.addEventListener("pagehide", stop, { once: true });
  video.srcObject = stream;
  scanner.showModal();
  await video.play();
  while (scanner.open) {
    const [seen] = await finds.detect(video).catch(() => []);
    if (seen) take(seen.rawValue);
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
};

const take = (text) => {
  const input = document.querySelector(offer.dataset.scan);
  scanner.close();
  input.value = (text.match(/\d{18,20}/) ?? [text.slice(0, LENGTH_MAX)])[0];
  input.form.requestSubmit(input.form.querySelector("button.primary"));
};

if (offer && scanner) {
  detector()
    .then((finds) => {
      if (!finds) return;
      offer.hidden = false;
      offer.addEventListener("click", () => scan(finds));
      scanner.querySelector("[data-close]").addEventListener("click", () => scanner.close());
    })
    .catch(() => {});
}
