// lock.js puts a lock over the page when nobody sat at it for a while, and takes
// it away when its person is back. The page stays as it was, with what was typed;
// whoever else signs in gets a fresh one.
//
// body[data-lock-after]  seconds without a sign of life until it locks
// body[data-person]      whose page this is
"use strict";
(() => {
  const body = document.body, after = Number(body.dataset.lockAfter) * 1000;
  if (!after) return;
  const lifeKey = "wardwatch-life", openKey = "wardwatch-unlocked";
  const tellEvery = 60000, lookEvery = 5000; // milliseconds
  let last = Date.now(), told = Date.now(), dialog = null, returnTo = null, unsent = false;

  function read(key) { try { return localStorage.getItem(key); } catch { return null; } } // storage may be forbidden
  function write(key, value) { try { localStorage.setItem(key, value); } catch { /* then each page counts alone */ } }

  // Typing reaches nobody until it is sent: now and then the server is told that somebody is here.
  function alive() {
    if (dialog) return;
    last = Date.now();
    if (last - told < tellEvery) return;
    told = last;
    write(lifeKey, String(last));
    fetch("/me/here", { method: "POST", headers: { "HX-Request": "true" } })
      .then((answer) => { if (answer.status === 401) lock(); })
      .catch(() => {}); // no connection: the next sign of life tries again
  }
  for (const kind of ["keydown", "pointerdown", "input", "wheel"]) {
    document.addEventListener(kind, alive, { passive: true, capture: true });
  }
  setInterval(() => {
    if (dialog || Date.now() - Math.max(last, Number(read(lifeKey)) || 0) < after) return;
    fetch("/lock", { method: "POST", headers: { "HX-Request": "true" } }).catch(() => {}).finally(lock);
  }, lookEvery);

  function lock() {
    if (dialog) return;
    returnTo = document.activeElement;
    dialog = document.createElement("dialog");
    dialog.id = "lock";
    dialog.setAttribute("aria-label", window.wardwatch.said("locked"));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("submit", send);
    body.append(dialog);
    body.classList.add("is-locked");
    dialog.showModal();
    ask();
  }

  // typed says whether something stands in the page that its person has typed or chosen and not sent.
  function typed() {
    return unsent || [...document.querySelectorAll("main textarea, main input:not([type=hidden], [type=checkbox], [type=radio])")].some((field) => field.value !== field.defaultValue);
  }

  // ask shows the lock's form. Where nothing is locked any more, since the session has ended, the
  // sign-in page takes over; over a page in which something was typed its form comes instead.
  function ask() {
    fetch("/sign-in", { headers: { "HX-Request": "true" } }).then((answer) => {
      if (!answer.headers.get("X-Wardwatch-Locked") && !typed()) {
        location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
        return;
      }
      return answer.text().then(show);
    }).catch(() => {
      show("<p></p>");
      dialog.firstChild.textContent = window.wardwatch.said("lock-offline");
      setTimeout(() => { if (dialog) ask(); }, lookEvery);
    });
  }

  function show(html) {
    if (!dialog) return;
    dialog.innerHTML = html;
    document.dispatchEvent(new CustomEvent("wardwatch:lock-form"));
    const field = dialog.querySelector("[autofocus]") || dialog.querySelector("input:not([type=hidden]):not([readonly])");
    if (field) field.focus();
  }

  function send(event) {
    const form = event.target;
    if (form.action.endsWith("/sign-out") || event.defaultPrevented) return; // leaves the page, as it says
    event.preventDefault();
    fetch(form.action, { method: "POST", headers: { "HX-Request": "true" }, body: new URLSearchParams(new FormData(form, event.submitter)) })
      .then((answer) => {
        const person = answer.headers.get("X-Wardwatch-Person");
        if (person === null) return answer.text().then(show);
        if (person !== body.dataset.person) { location.assign("/"); return; }
        write(openKey, person + " " + Date.now());
        open();
      })
      .catch(() => ask());
  }

  function open() {
    if (!dialog) return;
    dialog.close();
    dialog.remove();
    dialog = null;
    unsent = false;
    last = told = Date.now();
    body.classList.remove("is-locked");
    if (returnTo && returnTo.isConnected) returnTo.focus();
    document.dispatchEvent(new CustomEvent("wardwatch:unlocked"));
  }

  // Another tab of hers was unlocked: this one is hers as well.
  window.addEventListener("storage", (event) => {
    if (event.key === openKey && event.newValue && event.newValue.split(" ")[0] === body.dataset.person) open();
  });
  document.addEventListener("wardwatch:signed-out", (event) => { event.preventDefault(); lock(); });
  document.addEventListener("wardwatch:unsent", () => { unsent = true; lock(); });
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 401) lock(); });
})();
