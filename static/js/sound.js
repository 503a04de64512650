// sound.js rings on any page while an alarm waits that nobody has acknowledged, in browsers
// where somebody has switched it on: at once, then once a minute. A wall has its own.
"use strict";
(() => {
  const again = 60000, kept = "wardwatch-sound";
  const button = document.querySelector("[data-sound]");
  let audio = null, timer = 0;

  const on = () => localStorage.getItem(kept) === "on";

  function beep() {
    for (const [at, tone] of [[0, 880], [0.25, 660], [0.5, 880]]) {
      const voice = audio.createOscillator(), volume = audio.createGain();
      voice.frequency.value = tone;
      volume.gain.setValueAtTime(0.2, audio.currentTime + at);
      volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.22);
      voice.connect(volume).connect(audio.destination);
      voice.start(audio.currentTime + at);
      voice.stop(audio.currentTime + at + 0.24);
    }
  }

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
