// live.js keeps an open page true: it listens to the topics that the page names
// and replaces elements by id. It never touches an element that holds the focus
// until the focus has left it, and it says so when it can't keep the page true.
//
// body[data-live]         where to listen: "/live?topics=…"
// body[data-live-cursor]  where the server stood when the page was drawn
// body[data-live-state]   connecting · live · reconnecting · stale · offline · paused (for the style sheet)
"use strict";
(() => {
  const body = document.body;
  const address = body.dataset.live;
  if (!address) return;

  const firstDelay = 250, longestDelay = 30000; // milliseconds between tries, doubled each time, with full jitter
  const silentBeats = 2.5; // a connection silent for so many heartbeats is dead
  const quietFor = 3000; // a gap shorter than this is not worth a bar
  const triesBeforePolling = 5, pollEvery = 15000;
  const signedOut = 4401;

  let socket = null, cursor = body.dataset.liveCursor || "", tries = 0, everOpen = false;
  let heartbeat = 10000, retryTimer = 0, watchdog = 0, barTimer = 0, pollTimer = 0, old = false;
  let lastHeard = Date.now();
  const waiting = new Map(); // id → html that came while the focus was inside

  const strip = document.getElementById("live-strip");
  const stripText = document.getElementById("live-strip-text");

  function state(now) {
    if (body.dataset.liveState === now) return;
    const was = body.dataset.liveState;
    body.dataset.liveState = now;
    if (now === "live") {
      clearTimeout(barTimer);
      barTimer = 0;
      old = false;
      if (strip && strip.dataset.why === "stale") {
        strip.hidden = true;
        if (was === "stale" || was === "offline") say(said("updating"));
      }
    }
    document.dispatchEvent(new CustomEvent("wardwatch:live", { detail: now }));
  }

  // said is a sentence in the page's language; ui.js, which comes first, knows them.
  function said(name, values) { return window.wardwatch ? window.wardwatch.said(name, values) : ""; }

  function say(sentence) {
    document.dispatchEvent(new CustomEvent("wardwatch:say", { detail: sentence }));
  }

  // lost is called when nothing is heard any more, and again with each try that fails. The bar
  // follows a little later; from then on the page is old until something is heard.
  function lost() {
    state(!navigator.onLine ? "offline" : old ? "stale" : "reconnecting");
    if (barTimer) return;
    barTimer = setTimeout(() => {
      old = true;
      state(navigator.onLine ? "stale" : "offline");
      const since = window.wardwatch ? window.wardwatch.clockTime(window.wardwatch.serverTime(lastHeard)) : "";
      show("stale", said("stale", { time: since }));
      say(said("stale-said", { time: since }));
    }, quietFor);
  }

  function show(why, text) {
    if (!strip) return;
    strip.dataset.why = why;
    stripText.textContent = text;
    strip.hidden = false;
  }

  function connect() {
    clearTimeout(retryTimer);
    retryTimer = 0;
    if (socket || document.hidden) return;
    const url = new URL(address, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("since", cursor);
    const mine = new WebSocket(url);
    socket = mine;
    mine.onmessage = (event) => { if (socket === mine) heard(event.data); };
    mine.onclose = (event) => { if (socket === mine) gone(event.code); };
  }

  function heard(text) {
    lastHeard = Date.now();
    try { localStorage.setItem("wardwatch-heard", String(lastHeard)); } catch { /* then the offline page does not know since when */ }
    tries = 0;
    everOpen = true;
    stopPolling();
    state("live");
    take(JSON.parse(text)); // it may say how often it will be heard
    armWatchdog();
  }

  function take(message) {
    if (message.every) heartbeat = message.every;
    if (message.now && window.wardwatch) window.wardwatch.setServerTime(message.now);
    if (message.version && body.dataset.version && message.version !== body.dataset.version) {
      show("version", said("updated"));
    }
    for (const fragment of message.frags || []) apply(fragment.id, fragment.html);
    if (message.cursor) cursor = message.cursor;
  }

  // A half-open connection never closes by itself: silence is the only sign.
  function armWatchdog() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => drop(), heartbeat * silentBeats);
  }

  function drop() {
    const dead = socket;
    socket = null;
    clearTimeout(watchdog);
    if (dead) dead.close();
    lost();
    again();
  }

  function gone(code) {
    socket = null;
    clearTimeout(watchdog);
    if (code === signedOut) {
      // The lock, where there is one, keeps what was typed; else the sign-in page takes over.
      if (!document.dispatchEvent(new CustomEvent("wardwatch:signed-out", { cancelable: true }))) return;
      location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
      return;
    }
    if (document.hidden) { state("paused"); return; }
    lost();
    again();
  }

  function again() {
    if (document.hidden) return;
    tries++;
    if (tries >= triesBeforePolling && !everOpen) startPolling(); // a proxy may refuse websockets
    const ceiling = Math.min(longestDelay, firstDelay * 2 ** Math.min(tries, 10));
    retryTimer = setTimeout(connect, firstDelay + Math.random() * ceiling);
  }

  function startPolling() {
    if (pollTimer) return;
    pollTimer = setInterval(poll, pollEvery);
    poll();
  }

  function stopPolling() {
    clearInterval(pollTimer);
    pollTimer = 0;
  }

  async function poll() {
    if (document.hidden) return;
    const url = new URL(address.replace("/live", "/live.json"), location.href);
    url.searchParams.set("since", cursor);
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (answer.status === 401) { stopPolling(); gone(signedOut); return; }
      if (!answer.ok) { lost(); return; } // what is shown is not kept true any more
      take(await answer.json());
      lastHeard = Date.now();
      state("live");
    } catch { lost(); } // still away: the bar is already up
  }

  function apply(id, html) {
    const old = document.getElementById(id);
    if (!old || old.outerHTML === html) return;
    if (old.contains(document.activeElement) && document.activeElement !== body) {
      waiting.set(id, html);
      return;
    }
    waiting.delete(id);
    const fresh = parse(old, html);
    if (!fresh) return;
    old.replaceWith(fresh);
    document.dispatchEvent(new CustomEvent("wardwatch:fresh", { detail: fresh }));
  }

  // One parse for each fragment, in the namespace of what it replaces.
  function parse(old, html) {
    const box = document.createElement("template");
    if (old instanceof SVGElement && old.tagName !== "svg") {
      box.innerHTML = "<svg>" + html + "</svg>";
      return box.content.firstElementChild && box.content.firstElementChild.firstElementChild;
    }
    box.innerHTML = html;
    return box.content.firstElementChild;
  }

  // What was held back while somebody was in it is shown once she has left.
  document.addEventListener("focusout", () => setTimeout(() => {
    for (const [id, html] of [...waiting]) apply(id, html);
  }));

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(retryTimer);
      return;
    }
    tries = 0;
    if (!socket) connect();
    else if (Date.now() - lastHeard > heartbeat * silentBeats) drop(); // we slept
  });
  window.addEventListener("online", () => { tries = 0; connect(); });
  window.addEventListener("offline", lost);
  window.addEventListener("pageshow", (event) => { if (event.persisted) { socket = null; connect(); } });
  window.addEventListener("pagehide", () => { if (socket) socket.close(1000); });

  connect();
  document.addEventListener("wardwatch:unlocked", () => { tries = 0; connect(); });
})();
