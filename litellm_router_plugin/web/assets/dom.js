// Building elements. Text is only ever set as text: nothing that was sent to the proxy is read as HTML.

/** An element: attributes, then children. A child that is no node becomes text; null is left out. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** The element with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/** A bar whose length is a share from 0 to 1. It only repeats a number that stands beside it. */
export function bar(value, kind = "") {
  const filled = el("span", { class: `bar-fill ${kind}` });
  filled.style.width = `${Math.max(0, Math.min(1, value || 0)) * 100}%`;
  return el("span", { class: "bar", "aria-hidden": "true" }, filled);
}

/**
 * A table. Columns are {title, cell(row), number?, head?}; a cell is text or a node.
 * The caption tells a screen reader what the table is; `note` stands where there is no row.
 */
export function table(caption, columns, rows, note) {
  const heads = columns.map((column) => el("th", { scope: "col", class: column.number ? "number" : null }, column.title));
  const body = rows.map((row) => el("tr", {}, columns.map((column) => cellOf(column, row))));
  if (!rows.length) body.push(el("tr", {}, el("td", { colspan: columns.length, class: "none" }, note)));
  return el("table", {}, el("caption", { class: "unseen" }, caption), el("thead", {}, el("tr", {}, heads)),
    el("tbody", {}, body));
}

function cellOf(column, row) {
  const content = column.cell(row);
  const kind = [column.number ? "number" : "", content === "unknown" ? "unknown" : "", column.kind?.(row) ?? ""];
  const name = column.head ? "th" : "td";
  return el(name, { class: kind.filter(Boolean).join(" ") || null, scope: column.head ? "row" : null }, content);
}
