// passkey.js makes and uses passkeys: it asks the server what to ask the browser
// for, and puts the answer into the form.
//
// form[data-passkey]  where the ceremony begins; the form holds inputs named waiting and answer
// a form with sign-by chosen as passkey is signed with one: inputs sign-waiting and sign-answer
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

  // what a form needs of a passkey: where it begins, and the inputs that the answer goes into
  function wanted(form) {
    const own = form.elements;
    if (form.dataset.passkey) return { begin: form.dataset.passkey, waiting: own.waiting, answer: own.answer };
    if (own["sign-by"] && own["sign-by"].value === "passkey") return { begin: "/me/passkeys/prove", waiting: own["sign-waiting"], answer: own["sign-answer"] };
    return null;
  }

  async function hold(form, needs) {
    const answer = await fetch(needs.begin, { method: "POST", headers: { Accept: "application/json" } });
    const begun = await answer.json();
    if (!answer.ok) throw new Error(begun.detail || window.wardwatch.said("failed"));
    const publicKey = prepared(begun.options.publicKey);
    const key = publicKey.user ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
    needs.waiting.value = begun.waiting;
    needs.answer.value = answered(key);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter, needs = wanted(form);
    if (!needs || needs.answer.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    hold(form, needs).then(() => form.requestSubmit(button), (fault) => {
      const wrong = form.querySelector("[data-passkey-wrong]");
      wrong.textContent = fault.name === "NotAllowedError" ? window.wardwatch.said("passkey") : fault.message;
      wrong.hidden = false;
    });
  }, true);

  function offer() {
    for (const form of document.querySelectorAll("form[data-passkey][hidden]")) form.hidden = !window.PublicKeyCredential;
  }
  offer();
  document.addEventListener("wardwatch:lock-form", offer);
})();
