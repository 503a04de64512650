// draw.js lets a pointer draw a room's outline: each click on the plan adds a
// corner to the text field that the form sends. The field stays the truth: typed
// corners are drawn as well, so that the keyboard does all that the pointer does.
"use strict";
(() => {
  const plan = document.querySelector("[data-drawing]");
  const field = plan && document.getElementById(plan.dataset.drawing);
  if (!field) return;
  const draft = plan.querySelector(".draft");

  const corners = () => field.value.split("\n").map((line) => line.trim().split(/[\s,;]+/).map(Number))
    .filter((p) => p.length === 2 && p.every(Number.isFinite));

  function show() {
    draft.setAttribute("points", corners().map((p) => p.join(",")).join(" "));
  }

  function set(list) {
    field.value = list.map((p) => p.join(" ")).join("\n");
    show();
  }

  // A new outline is begun by clicking beside rooms or on them alike: while a room
  // is drawn, its neighbours do not lead away.
  plan.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && corners().length === 0 && !event.shiftKey) return;
    event.preventDefault();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plan.getScreenCTM().inverse());
    const grid = (m) => Math.max(0, Math.round(m * 10) / 10);
    set([...corners(), [grid(at.x), grid(at.y)]]);
  });

  document.querySelector("[data-drawing-undo]")?.addEventListener("click", () => set(corners().slice(0, -1)));
  document.querySelector("[data-drawing-clear]")?.addEventListener("click", () => set([]));
  field.addEventListener("input", show);
  show();
})();
