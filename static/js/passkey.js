// passkey.js makes and uses passkeys: it asks the server what to ask the browser
// for, and puts the answer into the form.
//
// form[data-passkey]  where the ceremony begins; the form holds inputs named waiting and answer
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  function prepared(options) {
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const known of [...(options.excludeCredentials || []), ...(options.allowCredentials || [])]) known.id = bytes(known.id);
    return options;
  }

  function answered(key) {
    const said = key.response, response = { clientDataJSON: text(said.clientDataJSON) };
    if (said.attestationObject) {
      response.attestationObject = text(said.attestationObject);
      response.transports = said.getTransports ? said.getTransports() : [];
    } else {
      response.authenticatorData = text(said.authenticatorData);
      response.signature = text(said.signature);
      response.userHandle = said.userHandle ? text(said.userHandle) : undefined;
    }
    return JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, response,
      clientExtensionResults: key.getClientExtensionResults(), authenticatorAttachment: key.authenticatorAttachment || undefined });
  }

  async function hold(form) {
    const answer = await fetch(form.dataset.passkey, { method: "POST", headers: { Accept: "application/json" } });
    const begun = await answer.json();
    if (!answer.ok) throw new Error(begun.detail || "That did not work.");
    const publicKey = prepared(begun.options.publicKey);
    const key = publicKey.user ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
    form.elements.waiting.value = begun.waiting;
    form.elements.answer.value = answered(key);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.passkey || form.elements.answer.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    hold(form).then(() => form.requestSubmit(), (fault) => {
      const wrong = form.querySelector("[data-passkey-wrong]");
      wrong.textContent = fault.name === "NotAllowedError" ? "The passkey was not used. Try again." : fault.message;
      wrong.hidden = false;
    });
  }, true);

  function offer() {
    for (const form of document.querySelectorAll("form[data-passkey][hidden]")) form.hidden = !window.PublicKeyCredential;
  }
  offer();
  document.addEventListener("wardwatch:lock-form", offer);
})();
