// offline.js is on the page that stands in where the server can't be reached. It says since when,
// and comes back to the page that was asked for as soon as the server answers.
"use strict";
(() => {
  const says = document.getElementById("offline-since");
  let heard = 0;
  try { heard = Number(localStorage.getItem("wardwatch-heard")); } catch { /* storage may be forbidden */ }
  if (says && heard) {
    says.textContent = window.wardwatch.said("away", { time: window.wardwatch.clockTime(heard) });
  }
  async function again() {
    try { if ((await fetch("/healthz", { cache: "no-store" })).ok && location.pathname !== "/offline") location.reload(); } catch { /* still away */ }
  }
  setInterval(again, 3000);
  window.addEventListener("online", again);
})();
