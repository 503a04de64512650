// wall.js is for displays that nobody touches: sound after one press (browsers
// allow none before), the screen kept awake, a slow shift against burn-in, and a
// fresh start when the server has been away for long.
"use strict";
(() => {
  const again = 60000; // an alarm that nobody acknowledged sounds once a minute
  const giveUp = 600000; // silent for so long, the page loads itself anew
  const start = document.querySelector("[data-wall-start]");
  let audio = null, timer = 0, lostSince = 0;

  function beep() {
    if (!audio) return;
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
    if (!document.querySelector("#alarm-strip .strip")) return;
    beep();
    timer = setInterval(beep, again);
  }

  async function stayAwake() {
    try { await navigator.wakeLock.request("screen"); } catch { /* only over https; the display's own settings must do */ }
  }

  if (start) {
    start.addEventListener("click", () => {
      audio = new AudioContext();
      start.hidden = true;
      stayAwake();
      if (document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().catch(() => {});
      ring();
    });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden && audio) stayAwake(); });
  document.addEventListener("wardwatch:fresh", (event) => { if (event.detail.id === "alarm-strip") ring(); });
  document.addEventListener("wardwatch:live", (event) => { lostSince = event.detail === "live" ? 0 : lostSince || Date.now(); });

  let shift = 0;
  setInterval(() => {
    shift = (shift + 1) % 4;
    document.body.dataset.shift = String(shift);
    if (lostSince && Date.now() - lostSince > giveUp) location.reload();
  }, 60000);
})();
