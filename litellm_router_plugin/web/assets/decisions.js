// The list of decisions: filters, pages, and links into each.

import { get } from "./api.js";
import { byId, el, table } from "./dom.js";
import { count, moment, moneyInColumn } from "./format.js";
import { read, since } from "./state.js";

const CAUSES = [
  "break_even", "cap", "classifier_failed", "context", "context_window", "deadline", "default", "domain", "embedding",
  "experiment", "floor", "learned", "llm", "modality", "pinned", "plugin_error", "python", "rule", "state", "sticky",
  "tier_down", "tools",
];
const PAGE = 25;
let shown = [];
let next = null;

/** Fill the filters' choices and set them to what the address says. */
export function setFilters(tiers) {
  const state = read();
  choices(byId("filter-tier"), tiers);
  choices(byId("filter-cause"), CAUSES);
  for (const name of ["tier", "cause", "escalated", "route"]) byId(`filter-${name}`).value = state[name];
}

function choices(select, values) {
  select.replaceChildren(el("option", { value: "" }, "any"), ...values.map((value) => el("option", { value }, value)));
}

/** Load the first page, or with `more` the one after what is shown. */
export async function loadDecisions({ more = false, signal } = {}) {
  const { router, period, tier, cause, escalated, route } = read();
  const asked = { router, since: since(period), tier, cause, escalated, route, size: PAGE, before: more ? next : null };
  const page = await get("decisions", asked, signal);
  shown = more ? [...shown, ...page.decisions] : page.decisions;
  next = page.next;
  show();
  return shown.length;
}

function show() {
  const columns = [
    { title: "Time (UTC)", head: true, cell: link },
    { title: "Tier", cell: path },
    { title: "Cause", cell: (one) => one.cause },
    { title: "Calls", number: true, cell: (one) => count(one.attempts.length + one.other_calls.length) },
    { title: "Cost", number: true, cell: (one) => cost(one.cost_usd, one), kind: (one) => (one.cost_usd === null ? "unknown" : "") },
    { title: "Saved", number: true, cell: (one) => cost(one.savings_usd, one), kind: signOf },
    { title: "Route", cell: (one) => one.route },
    { title: "User", cell: (one) => one.owner.user || one.owner.key.slice(0, 12) },
  ];
  byId("decisions-table").replaceChildren(table("Decisions, the latest first", columns, shown, "No decision fits these filters."));
  byId("older").hidden = next === null;
}

function link(one) {
  const label = `${moment(one.created_at)}, open decision`;
  return el("a", { href: "#", "data-decision": one.decision_id, "aria-label": label }, moment(one.created_at));
}

function path(one) {
  const first = one.attempts[0]?.tier ?? one.tier;
  if (first === one.tier) return one.tier;
  return el("span", {}, el("span", { class: "from" }, first), el("span", { "aria-hidden": "true" }, " \u2192 "),
    el("span", { class: "unseen" }, "moved up to "), one.tier);
}

function cost(value, one) {
  return one.cost_state === "pending" ? "pending" : moneyInColumn(value);
}

function signOf(one) {
  if (one.savings_usd === null) return "unknown";
  return one.savings_usd < 0 ? "negative" : "";
}
