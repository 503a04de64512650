// camera.js reads codes with a telephone's camera, on the pages for scanning alone:
// the browser's own BarcodeDetector where there is one, else the vendored decoder.
// What is read goes into the form's box and is sent, as a hand scanner would do.
//
// [data-camera]        the panel; data-decoder is the address of the decoder
//   [data-camera-on]   the button; it says what happens
//   video, [data-camera-word]
"use strict";
(() => {
  const panel = document.querySelector("[data-camera]");
  if (!panel) return;
  const said = (name) => window.wardwatch.said(name);
  const button = panel.querySelector("[data-camera-on]"), video = panel.querySelector("video"), word = panel.querySelector("[data-camera-word]");
  const box = document.querySelector("input[name=code], input[name=q][data-scan], .search-form input[name=q]");
  const formats = ["data_matrix", "qr_code", "code_128", "ean_13", "ean_8", "upc_a"];
  const again = 3000; // milliseconds in which the same code is not taken twice
  const every = 200;  // milliseconds between two looks
  let stream = null;

  panel.hidden = false;
  const say = (text) => { word.textContent = text; };

  // Why a camera can't be had, in words that say what to do.
  function reason(error) {
    switch (error && error.name) {
      case "NotAllowedError": case "SecurityError":
        return said("camera-refused");
      case "NotFoundError": case "OverconstrainedError":
        return said("camera-none");
      case "NotReadableError": case "AbortError":
        return said("camera-busy");
    }
    return said("camera-failed");
  }

  function load(address) {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = done;
      script.onerror = () => failed(new Error("decoder"));
      document.head.append(script);
    });
  }

  // reader is a function that answers the code on the picture, or nothing.
  async function reader() {
    if ("BarcodeDetector" in window) {
      const known = await BarcodeDetector.getSupportedFormats();
      const mine = formats.filter((format) => known.includes(format));
      if (mine.includes("data_matrix")) {
        const detector = new BarcodeDetector({ formats: mine });
        return async () => { const found = await detector.detect(video); return found.length ? found[0].rawValue : ""; };
      }
    }
    await load(panel.dataset.decoder);
    const Z = window.ZXing, hints = new Map(), canvas = document.createElement("canvas");
    hints.set(Z.DecodeHintType.POSSIBLE_FORMATS, [Z.BarcodeFormat.DATA_MATRIX, Z.BarcodeFormat.QR_CODE, Z.BarcodeFormat.CODE_128, Z.BarcodeFormat.EAN_13, Z.BarcodeFormat.EAN_8, Z.BarcodeFormat.UPC_A]);
    hints.set(Z.DecodeHintType.ASSUME_GS1, true);
    hints.set(Z.DecodeHintType.TRY_HARDER, true);
    const decoder = new Z.MultiFormatReader();
    decoder.setHints(hints);
    return async () => {
      if (!video.videoWidth) return "";
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, 0, 0);
      try {
        return decoder.decodeWithState(new Z.BinaryBitmap(new Z.HybridBinarizer(new Z.HTMLCanvasElementLuminanceSource(canvas)))).getText();
      } catch {
        return ""; // no code on this picture
      }
    };
  }

  function taken(code) {
    const last = JSON.parse(sessionStorage.getItem("camera-last") || "{}"), now = Date.now();
    if (last.code === code && now - last.at < again) return false;
    sessionStorage.setItem("camera-last", JSON.stringify({ code, at: now }));
    return true;
  }

  async function watch(read) {
    while (stream) {
      const code = await read();
      if (stream && code && taken(code)) {
        box.value = code;
        say(said("camera-read"));
        box.form.requestSubmit();
        return;
      }
      await new Promise((wake) => setTimeout(wake, every));
    }
  }

  function stop() {
    if (stream) for (const track of stream.getTracks()) track.stop();
    stream = null;
    video.hidden = true;
    button.textContent = said("camera-use");
    sessionStorage.removeItem("camera");
  }

  async function start() {
    if (!navigator.mediaDevices) {
      say(said("camera-https"));
      return;
    }
    say(said("camera-starting"));
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 } } });
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      const read = await reader();
      sessionStorage.setItem("camera", "on");
      button.textContent = said("camera-off");
      say(said("camera-hold"));
      await watch(read);
    } catch (error) {
      stop();
      say(reason(error));
    }
  }

  button.addEventListener("click", () => { if (stream) { stop(); say(""); } else start(); });
  window.addEventListener("pagehide", () => { if (stream) for (const track of stream.getTracks()) track.stop(); });
  if (sessionStorage.getItem("camera") === "on") start(); // the next scan of the same round
})();
