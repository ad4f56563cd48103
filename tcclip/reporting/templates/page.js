"use strict";
// Rows sort by their headings, and a measured number opens the chain of what it comes from.
// Without this script the page lacks nothing but these two.

function sortable(table) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  for (const body of table.tBodies) [...body.rows].forEach((row, place) => { row.dataset.place = place; });
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    if (!button.textContent.trim()) button.append("\u21C5"); // a heading that stands above it alone
    if (head.dataset.name) button.setAttribute("aria-label", head.dataset.name);
    button.title = "sort";
    button.addEventListener("click", () => sort(table, heads, column));
    head.replaceChildren(button);
  });
}

function sort(table, heads, column) {
  const texts = [...table.tBodies].flatMap((body) => [...body.rows].filter(isLine).map((row) => textOf(row, column)));
  const numeric = texts.every((text) => text === "" || !Number.isNaN(valueOf(text)));
  const before = heads[column].getAttribute("aria-sort");
  const first = numeric ? "descending" : "ascending";
  const order = before === null ? first : before === first ? (numeric ? "ascending" : "descending") : null;
  for (const head of heads) head.removeAttribute("aria-sort");
  if (order) heads[column].setAttribute("aria-sort", order);
  const sign = order === "descending" ? -1 : 1;
  const compare = (a, b) => {
    const [x, y] = [textOf(a, column), textOf(b, column)];
    if (x === "" || y === "") return (x === "") - (y === ""); // empty cells stay below
    return sign * (numeric ? valueOf(x) - valueOf(y) : x.localeCompare(y, "en", { numeric: true }));
  };
  for (const body of table.tBodies) {
    const lines = [...body.rows].filter(isLine).sort((a, b) => a.dataset.place - b.dataset.place);
    body.append(...(order ? lines.sort(compare) : lines)); // a group's heading stays its first row
  }
}

function isLine(row) {
  return !row.classList.contains("group");
}

function textOf(row, column) {
  const text = row.cells[column].textContent.trim();
  return text === "\u2013" ? "" : text;
}

function valueOf(text) {
  return Number.parseFloat(text.replaceAll(",", ""));
}

function explaining(data, dialog) {
  const cells = [...document.querySelectorAll("td[data-cell]")];
  for (const cell of cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-haspopup", "dialog");
    button.append(...cell.childNodes);
    button.addEventListener("click", () => show(data(), dialog, Number(cell.dataset.cell)));
    cell.append(button);
  }
  // One stop of the tab key for each table; the arrow keys go on from there.
  for (const table of new Set(cells.map((cell) => cell.closest("table")))) {
    const stops = [...table.querySelectorAll("td[data-cell] > button")];
    stops.forEach((stop, place) => { stop.tabIndex = place ? -1 : 0; });
    table.addEventListener("keydown", (event) => {
      const from = event.target.closest("td[data-cell]");
      const to = from && neighbour(from, event.key);
      if (!to) return;
      event.preventDefault();
      for (const stop of stops) stop.tabIndex = -1;
      const button = to.querySelector("button");
      button.tabIndex = 0;
      button.focus();
    });
  }
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

function neighbour(cell, key) {
  const rows = [...cell.closest("table").tBodies].flatMap((body) => [...body.rows]);
  let [row, column] = [rows.indexOf(cell.parentElement), cell.cellIndex];
  const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[key] ?? [0, 0];
  if (!down && !right) return null;
  for (row += down, column += right; rows[row]?.cells.length && column >= 0; row += down, column += right) {
    const next = rows[row].cells[column];
    if (next?.dataset.cell) return next;
    if (right && !next) return null;
  }
  return null;
}

function show(data, dialog, number) {
  const { title, value, evaluations, runs, again } = data.cells[number];
  const parts = [facts(data, value), element("h3", "Evaluations")];
  for (const [column, blocks] of evaluations) {
    if (evaluations.length > 1) parts.push(element("h4", column));
    for (const block of blocks) parts.push(facts(data, data.evaluations[block]));
  }
  parts.push(element("h3", runs.length > 1 ? `${runs.length} runs` : "Run"));
  for (const run of runs) {
    const [name, block] = data.runs[run];
    const details = document.createElement("details");
    details.open = runs.length === 1;
    details.append(element("summary", name), facts(data, block));
    parts.push(details);
  }
  parts.push(element("h3", "Made again and compared"), element("code", again));
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("div").replaceChildren(...parts);
  dialog.showModal();
  dialog.scrollTop = 0;
}

function facts(data, block) {
  const list = document.createElement("dl");
  for (const number of block) {
    const [title, text] = data.texts[number].split("\t");
    if (title || !list.lastChild) list.append(element("dt", title), document.createElement("dd"));
    list.lastChild.append(element("span", text));
  }
  return list;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

for (const table of document.querySelectorAll("table.sortable")) sortable(table);
let parsed = null; // when first asked for
explaining(() => (parsed ??= JSON.parse(document.getElementById("chains").textContent)), document.getElementById("chain"));
document.querySelector(".hint").hidden = false;
