// worker.js is the service worker. It keeps no page and no answer: what is shown is always the
// server's own. Only where the server can't be reached it shows one page that says so. The server
// puts two lines in front: version, which differs with every build, and shell, the addresses that
// the offline page is made of, that page first.
"use strict";
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(version).then((kept) => kept.addAll(shell)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((name) => name !== version).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});
self.addEventListener("fetch", (event) => {
  const request = event.request;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(shell[0])));
    return;
  }
  const path = new URL(request.url).pathname;
  if (shell.indexOf(path) > 0) event.respondWith(fetch(request).catch(() => caches.match(path)));
});
