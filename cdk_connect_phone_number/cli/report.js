// Sorts and filters the tables. Without it, the page is complete, in the order of the numbers.
"use strict";

const collator = new Intl.Collator("en", { numeric: true });

function makeSortable(table) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      const isAscending = header.getAttribute("aria-sort") !== "ascending";
      const rows = [...body.rows].map((row) => [row.cells[column].dataset.sort, row]);
      // What is not known comes last, whatever the direction.
      const compare = ([first], [second]) =>
        (first === "") - (second === "") || collator.compare(first, second) * (isAscending ? 1 : -1);
      body.append(...rows.sort(compare).map(([, row]) => row));
      [...table.tHead.rows[0].cells].forEach((other) => other.removeAttribute("aria-sort"));
      header.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
    });
  });
}

function makeFilterable(table, controls) {
  const rows = [...table.tBodies[0].rows].map((row) => ({
    row,
    text: `${row.textContent}\n${row.dataset.text}`.toLowerCase(),
  }));
  const [text, state] = controls.elements;
  const status = controls.querySelector("[role=status]");
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const one of rows) {
      const isShown =
        words.every((word) => one.text.includes(word)) && (!state.value || one.row.dataset.state === state.value);
      one.row.hidden = !isShown;
      shown += isShown;
    }
    status.textContent = `${shown} of ${rows.length} shown`;
  };
  controls.addEventListener("input", apply);
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.hidden = false;
  apply();
}

document.querySelectorAll("table.sortable").forEach(makeSortable);
document.querySelectorAll("form.controls").forEach((controls) => {
  makeFilterable(document.getElementById(controls.dataset.table), controls);
});
