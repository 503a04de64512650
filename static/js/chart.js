// chart.js lets a chart be read: a line follows the pointer, or the arrow keys, and the row
// of the table beside the chart that it stands on is said. Without script the table says it all.
"use strict";
(() => {
  const svgSpace = "http://www.w3.org/2000/svg";
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const svg = figure.querySelector("svg.chart"), table = figure.querySelector("table:has([data-x])");
    if (!svg || !table || figure.dataset.read) continue;
    figure.dataset.read = "yes";
    const rows = [...table.querySelectorAll("tr[data-x]")], box = svg.viewBox.baseVal;
    const said = document.createElement("p"), line = document.createElementNS(svgSpace, "line");
    said.className = "chart-said small no-print";
    svg.after(said);
    line.setAttribute("class", "cursor");
    line.setAttribute("y1", "0");
    line.setAttribute("y2", String(box.height));
    const words = (row) => [...row.cells].map((cell, i) => (i ? (cell.dataset.label || "") + " " : "") + cell.textContent.trim().replace(/\s+/g, " ")).join(", ");
    let at = -1;
    function stand(i) {
      at = Math.min(Math.max(i, 0), rows.length - 1);
      line.setAttribute("x1", rows[at].dataset.x);
      line.setAttribute("x2", rows[at].dataset.x);
      svg.append(line);
      said.textContent = words(rows[at]);
      svg.setAttribute("aria-valuenow", String(at + 1));
      svg.setAttribute("aria-valuetext", said.textContent);
    }
    svg.setAttribute("role", "slider");
    svg.setAttribute("aria-valuemin", "1");
    svg.setAttribute("aria-valuemax", String(rows.length));
    svg.setAttribute("aria-valuenow", String(rows.length));
    svg.setAttribute("aria-valuetext", words(rows[rows.length - 1]));
    svg.tabIndex = 0;
    svg.addEventListener("pointermove", (event) => {
      const x = (event.clientX - svg.getBoundingClientRect().left) / svg.getBoundingClientRect().width * box.width;
      let nearest = 0;
      rows.forEach((row, i) => { if (Math.abs(row.dataset.x - x) < Math.abs(rows[nearest].dataset.x - x)) nearest = i; });
      stand(nearest);
    });
    svg.addEventListener("keydown", (event) => {
      const from = at < 0 ? rows.length - 1 : at;
      const to = { ArrowLeft: from - 1, ArrowRight: from + 1, ArrowDown: from - 1, ArrowUp: from + 1, PageDown: from - 10, PageUp: from + 10, Home: 0, End: rows.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      stand(to);
    });
    svg.addEventListener("focus", () => { if (at < 0) stand(rows.length - 1); });
  }
})();
