// ui.js makes pages pleasanter for those who have script; every page works without it.
// It keeps ages current, opens dialogs, knows the keyboard and the hand scanner,
// and speaks to screen readers through the two live regions of the shell.
"use strict";
(() => {
  const root = document.documentElement, body = document.body;
  root.classList.add("scripted");

  // ---- The hospital's clock. In a demo it runs faster than ours.
  const speed = Number(body.dataset.speed) || 1;
  let serverBase = Number(body.dataset.now) || Date.now(), localBase = Date.now();
  const serverTime = (local) => serverBase + (local - localBase) * speed;
  // ---- What scripts say stands in the page, in the language that the page is worded in.
  const sayings = document.getElementById("sayings");
  const words = new Map([...(sayings ? sayings.content.children : [])].map((one) => [one.dataset.say, one.textContent]));
  const said = (name, values) => (words.get(name) || "").replace(/\{(\w+)\}/g, (all, key) => values && key in values ? values[key] : all);
  // clockTime is a time of day at the site, by the clock that the page's reader reads.
  function clockTime(ms) {
    const twelve = root.dataset.hours === "12";
    const shape = { hour: twelve ? "numeric" : "2-digit", minute: "2-digit", hour12: twelve };
    try {
      return new Date(ms).toLocaleTimeString(twelve ? "en-US" : "en-GB", { ...shape, timeZone: root.dataset.zone || undefined });
    } catch { // a zone that this browser does not know
      return new Date(ms).toLocaleTimeString(twelve ? "en-US" : "en-GB", shape);
    }
  }
  // beep is the alarm's tune: three tones, on an AudioContext that somebody's touch has opened.
  function beep(audio) {
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
  window.wardwatch = {
    serverTime, said, beep, clockTime,
    setServerTime(ms) { serverBase = ms; localBase = Date.now(); },
  };

  // ---- What is chosen in a row that is wider than the telephone is brought into sight.
  for (const row of document.querySelectorAll(".tabs, .chips")) {
    const on = row.querySelector("[aria-current]");
    if (!on || row.scrollWidth <= row.clientWidth) continue;
    const a = row.getBoundingClientRect(), b = on.getBoundingClientRect();
    row.scrollLeft += b.left + b.width / 2 - a.left - a.width / 2;
  }

  // ---- Ages: "2 min ago". Kept like views.Ago.
  function ago(ms) {
    const seconds = ms / 1000;
    if (seconds < 10) return said("now");
    if (seconds < 60) return said("seconds", { n: Math.floor(seconds) });
    if (seconds < 3600) return said("minutes", { n: Math.floor(seconds / 60) });
    if (seconds < 48 * 3600) return said("hours", { n: Math.floor(seconds / 3600) });
    return said("days", { n: Math.floor(seconds / 86400) });
  }
  function ages(within) {
    const now = serverTime(Date.now());
    const all = [...within.querySelectorAll("time[data-rel]")];
    if (within.matches && within.matches("time[data-rel]")) all.push(within);
    for (const time of all) {
      const text = ago(now - Date.parse(time.dateTime));
      if (time.textContent !== text) time.textContent = text;
    }
  }
  ages(document);
  setInterval(() => { if (!document.hidden) ages(document); }, speed > 1 ? 2000 : 15000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ages(document); });

  // ---- What a screen reader is told: one sentence at a time, alarms at most every 5 s.
  const polite = document.getElementById("announce-polite"), alert = document.getElementById("announce-alarm");
  let alarmsHeld = [], alarmTimer = 0;
  function say(sentence) { if (polite) polite.textContent = sentence; }
  function sayAlarm(sentence) {
    alarmsHeld.push(sentence);
    if (alarmTimer) return;
    const speak = () => {
      if (!alarmsHeld.length) { alarmTimer = 0; return; }
      alert.textContent = alarmsHeld.length === 1 ? alarmsHeld[0] : said("alarms", { n: alarmsHeld.length });
      alarmsHeld = [];
      alarmTimer = setTimeout(speak, 5000);
    };
    speak();
  }
  document.addEventListener("wardwatch:say", (event) => say(event.detail));

  // ---- Title and icon carry the state, so that a tab in the background tells it.
  const icon = document.querySelector("link[rel=icon]");
  let state = body.dataset.liveState, alarms = countAlarms();
  function countAlarms() {
    const bell = document.querySelector("#bell .badge");
    return bell ? Number(bell.textContent) || 0 : 0;
  }
  function showState() {
    const stale = state === "stale" || state === "offline";
    const plain = document.title.replace(/^\((?:\d+|\?)\) /, "");
    document.title = (stale ? "(?) " : alarms > 0 ? "(" + alarms + ") " : "") + plain;
    if (icon) icon.href = stale ? icon.dataset.iconStale : alarms > 0 ? icon.dataset.iconAlarm : icon.dataset.iconQuiet;
  }
  document.addEventListener("wardwatch:live", (event) => { state = event.detail; showState(); });
  document.addEventListener("wardwatch:fresh", (event) => {
    const fresh = event.detail;
    ages(fresh);
    if (fresh.id === "bell") { alarms = countAlarms(); showState(); }
    if (fresh.id === "alarm-strip") {
      const sentence = fresh.querySelector("strong");
      if (sentence) sayAlarm(sentence.textContent);
      else say(said("quiet"));
    }
  });

  // ---- Menus, dialogs, small helpers.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog).showModal();
    const back = event.target.closest("[data-back]");
    if (back) { event.preventDefault(); history.back(); }
    if (event.target.closest("[data-shortcuts-toggle]")) toggleShortcuts();
    const printer = event.target.closest("[data-print]");
    if (printer) { event.preventDefault(); window.print(); }
  });
  document.addEventListener("change", (event) => {
    const field = event.target.closest("[data-submit]");
    if (field && field.form) field.form.requestSubmit();
  });
  // ---- Without a connection the page stays, with what was typed: leaving it would lose both.
  const cut = () => !navigator.onLine || ["reconnecting", "stale", "offline"].includes(body.dataset.liveState);
  async function reached() {
    try { return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(6000) })).ok; } catch { return false; }
  }
  // unsentFor says what keeps a form from being sent, and nothing where nothing does. A session may
  // have ended without a word to the page; the lock's own forms and the way out need none.
  async function unsentFor(form) {
    if (!body.dataset.lockAfter || form.closest("#lock") || form.getAttribute("action") === "/sign-out") return await reached() ? "" : "unsent";
    try {
      const answer = await fetch("/me/here", { method: "POST", headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(6000) });
      return answer.status === 401 ? "unsent-ended" : answer.status < 500 ? "" : "unsent";
    } catch { return "unsent"; }
  }
  function stays(sentence, before) {
    let notice = document.getElementById("not-sent");
    if (!notice) {
      notice = document.createElement("p");
      notice.id = "not-sent";
      notice.className = "notice is-warning";
    }
    notice.textContent = sentence;
    before.before(notice);
    notice.scrollIntoView({ block: "nearest" });
    say(sentence);
  }
  const back = () => { const notice = document.getElementById("not-sent"); if (notice) notice.remove(); };
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || !cut() || event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.origin !== location.origin || link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    if (await reached()) location.assign(link.href);
    else stays(said("stays"), document.querySelector("main > *"));
  });
  // A form is sent once, however often its button is pressed, and only to a server that answers: a
  // connection may be gone for half a minute before that shows, and the browser's own page of
  // what went wrong would take the place of what was typed.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
    if (form.dataset.reached !== "yes") {
      const pressed = event.submitter;
      event.preventDefault();
      const unsent = await unsentFor(form);
      if (!form.isConnected) { form.hidden = true; body.append(form); } // a live update took its place meanwhile
      if (unsent) {
        stays(said(unsent), form.hidden ? document.querySelector("main > *") : form);
        if (unsent === "unsent-ended") document.dispatchEvent(new CustomEvent("wardwatch:unsent"));
        return;
      }
      back();
      form.dataset.reached = "yes";
      form.requestSubmit(pressed);
      delete form.dataset.reached;
      return;
    }
    if (form.dataset.sent && Date.now() - Number(form.dataset.sent) < 3000) { event.preventDefault(); return; }
    form.dataset.sent = String(Date.now());
  });
  window.addEventListener("pageshow", () => { for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent; });

  if (body.dataset.worker && "serviceWorker" in navigator) navigator.serviceWorker.register(body.dataset.worker).catch(() => { /* only over https; the page works without it */ });

  // ---- htmx: its event names are used in this one place.
  document.addEventListener("htmx:sendError", () => say(said("unsent")));
  document.addEventListener("htmx:responseError", () => say(said("failed")));
  document.addEventListener("htmx:afterSwap", (event) => ages(event.target));

  // ---- Keyboard. Single letters can be turned off (WCAG 2.1.4).
  const remembered = "wardwatch-single-keys";
  let singleKeys = body.dataset.shortcuts !== "off" && read(remembered) !== "off";
  function read(key) { try { return localStorage.getItem(key); } catch { return null; } } // storage may be forbidden
  function write(key, value) { try { localStorage.setItem(key, value); } catch { /* then it lasts for this page */ } }
  function labelToggle() {
    for (const button of document.querySelectorAll("[data-shortcuts-toggle]")) button.textContent = said(singleKeys ? "keys-off" : "keys-on");
  }
  function toggleShortcuts() {
    singleKeys = !singleKeys;
    write(remembered, singleKeys ? "on" : "off");
    labelToggle();
    say(said(singleKeys ? "keys-are-on" : "keys-are-off"));
  }
  labelToggle();

  // ---- What is found while somebody types: arrows go through it, Escape leads back to the box.
  const answers = document.getElementById("answers");
  const found = () => answers ? [...answers.querySelectorAll("a")] : [];
  document.addEventListener("htmx:afterSwap", (event) => {
    const told = event.target === answers && answers.querySelector("[data-say]");
    if (told) say(told.textContent);
  });
  function throughAnswers(event) {
    if (!answers || !answers.parentElement.contains(event.target)) return false;
    if (event.key === "Escape" && answers.contains(event.target)) { search.focus(); answers.replaceChildren(); return true; }
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], all = found();
    if (!by || !all.length) return false;
    const next = all.indexOf(document.activeElement) + by;
    event.preventDefault();
    (next < 0 ? search : all[Math.min(next, all.length - 1)]).focus();
    return true;
  }

  const typing = (target) => target.closest && target.closest("input, textarea, select, [contenteditable]");
  const search = document.getElementById("q");
  let goingTo = 0, burst = "", lastKey = 0;

  const rows = () => [...document.querySelectorAll("main [data-row], main .table tbody tr, main .list > li")]
    .filter((row) => row.offsetParent !== null && row.querySelector("a, button, summary"));
  let row = null;
  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(row);
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    if (row) row.classList.remove("selected");
    row = next;
    row.classList.add("selected");
    row.querySelector("a, button, summary").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  // act presses the row's button of a key. One that needs a reason leads to its field first.
  function act(key) {
    const place = row && row.isConnected ? row : document;
    const target = place.querySelector('[data-key="' + key + '"]') || (key === "u" && document.querySelector('[data-key="u"]'));
    if (!target) return;
    const needs = target.dataset.needs && document.getElementById(target.dataset.needs);
    if (needs && !needs.value.trim()) {
      const first = document.getElementById(target.dataset.first) || needs;
      first.focus();
      if (first.select) first.select();
      return;
    }
    if (target.tagName === "SUMMARY") { target.parentElement.open = true; target.focus(); }
    else target.click();
  }

  document.addEventListener("keydown", (event) => {
    if (throughAnswers(event)) return;
    if (event.key === "Escape") {
      burst = "";
      for (const menu of document.querySelectorAll("details.menu[open], details.sheet[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      if (event.target === search) search.blur();
      else if (row && row.contains(event.target) && typing(event.target)) row.querySelector("a, button, summary").focus({ preventScroll: true }); // its keys work again
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (scanned(event)) return;
    if (!singleKeys) return;
    if (goingTo && Date.now() - goingTo < 1500) {
      goingTo = 0;
      const link = document.querySelector('.rail [data-go="' + CSS.escape(event.key) + '"]');
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    switch (event.key) {
      case "/": if (search) { event.preventDefault(); search.focus(); search.select(); } break;
      case "g": goingTo = Date.now(); break;
      case "j": step(1); break;
      case "k": step(-1); break;
      case "a": case "c": case "d": case "s": case "u":
        if (document.querySelector('[data-key="' + event.key + '"]')) { event.preventDefault(); act(event.key); }
        break;
      case "?": { const list = document.getElementById("shortcuts"); if (list) list.showModal(); break; }
    }
  });

  // The first result has the focus, so that Enter opens it; on a phone that would only move the page.
  const first = document.querySelector("[data-first]");
  if (first && matchMedia("(pointer: fine)").matches && document.activeElement === body) first.focus({ preventScroll: true });

  // What was said of a deed has the focus where the page gives it to nothing else: it is read out,
  // and the keyboard goes on there and not above the menu.
  const answer = document.querySelector("main > .said");
  if (answer && document.activeElement === body && !document.querySelector("[autofocus]")) answer.focus({ preventScroll: true });

  // ---- A hand scanner types fast and ends with Enter: the code is searched for, wherever the focus is.
  const fastest = 35, shortest = 6; // milliseconds between keys, characters of a code
  function scanned(event) {
    const now = event.timeStamp;
    if (now - lastKey > fastest) burst = "";
    lastKey = now;
    if (event.key.length === 1) { burst += event.key; return burst.length > 2; }
    if (event.key !== "Enter" || burst.length < shortest) return false;
    event.preventDefault();
    location.assign("/search?q=" + encodeURIComponent(burst));
    return true;
  }

  // ---- Wall displays: a clock, and a slow shift against burn-in.
  for (const clock of document.querySelectorAll("time[data-clock]")) {
    const show = () => {
      clock.textContent = clockTime(serverTime(Date.now()));
    };
    show();
    setInterval(show, 1000);
  }
})();
