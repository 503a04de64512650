// wall.js is for displays that nobody touches: sound after one press (browsers
// allow none before), the screen kept awake, a slow shift against burn-in, and a
// fresh start when the server has been away for long.
"use strict";
(() => {
  const again = 60000; // an alarm that nobody acknowledged sounds once a minute
  const giveUp = 600000; // silent for so long, the page loads itself anew
  const start = document.querySelector("[data-wall-start]");
  let audio = null, timer = 0, lostSince = 0;

  const beep = () => { if (audio) window.wardwatch.beep(audio); };

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

  // ---- Several boards in turn. An alarm that nobody acknowledged holds the first that shows fridges.
  const wall = document.querySelector("[data-wall]"), boards = [...document.querySelectorAll("[data-wall-board]")];
  const ringing = () => !!document.querySelector("#alarm-strip .strip");
  let shown = 0, paused = false, turn = 0;
  function show(i) {
    shown = i % boards.length;
    boards.forEach((board, n) => { board.hidden = n !== shown; });
  }
  function next() {
    const fridges = boards.findIndex((board) => board.querySelector("[data-fridge]"));
    if (ringing() && fridges >= 0) show(fridges);
    else if (!paused) show(shown + 1);
  }
  if (boards.length > 1) {
    show(0);
    turn = setInterval(next, Number(wall.dataset.wallTurn) * 1000);
    document.addEventListener("wardwatch:fresh", (event) => { if (event.detail.id === "alarm-strip" && ringing()) next(); });
    const pause = document.querySelector("[data-wall-pause]");
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.setAttribute("aria-pressed", String(paused));
    });
  }

  // ---- Burn-in: the picture moves by a few pixels, and is dimmed at night while all is well.
  let shift = 0;
  function dim() {
    const [from, until] = (wall && wall.dataset.wallDim || "").split("-").map(Number);
    if (until === undefined) return;
    const at = new Date(window.wardwatch ? window.wardwatch.serverTime(Date.now()) : Date.now());
    const hour = Number(at.toLocaleTimeString("en-GB", { hour: "2-digit", hourCycle: "h23", timeZone: document.documentElement.dataset.zone || undefined }));
    const night = from < until ? hour >= from && hour < until : hour >= from || hour < until;
    document.body.classList.toggle("is-dim", night && !ringing());
  }
  dim();
  document.addEventListener("wardwatch:fresh", (event) => { if (event.detail.id === "alarm-strip") dim(); });
  const care = setInterval(() => {
    shift = (shift + 1) % 8;
    document.body.dataset.shift = String(shift);
    dim();
    if (lostSince && Date.now() - lostSince > giveUp) location.reload();
  }, 60000);

  // ---- A link that has ended: the screen goes dark and stays so.
  if (wall) document.addEventListener("wardwatch:signed-out", (event) => {
    event.preventDefault();
    for (const t of [timer, turn, care]) clearInterval(t);
    audio = null;
    document.body.className = "is-off";
    delete document.body.dataset.liveState;
    document.querySelector(".strips").replaceChildren();
    const says = document.createElement("p");
    says.textContent = window.wardwatch.said("switched-off");
    document.querySelector("main").replaceChildren(says);
    document.title = says.textContent;
  });
})();
