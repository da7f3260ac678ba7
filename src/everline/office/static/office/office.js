// What the office gains on a telephone with script: a table's rows stand as short lists, each value
// beside its column's name, and the menu shows where one is. Without script both scroll sideways.

const ROLES = { table: "table", tbody: "rowgroup", tr: "row", th: "rowheader", td: "cell" };

for (const table of document.querySelectorAll(".scroll table")) {
  const names = [...table.querySelectorAll("thead th")].map((each) => each.textContent.trim());
  for (const part of [table, ...table.querySelectorAll("tbody, tbody *")]) {
    const role = ROLES[part.localName];
    if (role) part.setAttribute("role", role); // Laid out as lists they are still read as a table.
  }
  for (const row of table.tBodies[0]?.rows ?? []) {
    [...row.cells].forEach((cell, place) => {
      if (names[place] && cell.colSpan === 1) cell.dataset.label = names[place];
    });
  }
  table.classList.add("named");
}

const here = document.querySelector(".menu [aria-current]");
here?.scrollIntoView({ block: "nearest", inline: "center" });
