// sound.js rings on any page while an alarm waits that nobody has acknowledged, in browsers
// where somebody has switched it on: at once, then once a minute. A wall has its own.
"use strict";
(() => {
  const again = 60000, kept = "wardwatch-sound";
  const button = document.querySelector("[data-sound]");
  let audio = null, timer = 0;

  const on = () => localStorage.getItem(kept) === "on";

  const beep = () => window.wardwatch.beep(audio);

  function ring() {
    clearInterval(timer);
    timer = 0;
    if (!audio || !on() || !document.querySelector("#alarm-strip .strip")) return;
    beep();
    timer = setInterval(beep, again);
  }

  function begin() {
    if (!on()) return;
    audio = audio || new AudioContext();
    ring();
  }

  function show() {
    if (!button) return;
    button.setAttribute("aria-pressed", String(on()));
    for (const word of button.querySelectorAll("[data-when]")) word.hidden = (word.dataset.when === "on") !== on();
  }

  if (button) {
    button.addEventListener("click", () => {
      localStorage.setItem(kept, on() ? "off" : "on");
      show();
      begin();
      ring();
    });
    show();
  }
  // Browsers allow no sound before somebody has touched the page.
  for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, begin, { once: true });
  document.addEventListener("wardwatch:fresh", (event) => { if (event.detail.id === "alarm-strip") ring(); });
})();
