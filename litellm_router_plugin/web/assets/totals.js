// The figures of the period, and what must be said beside them.

import { byId, el } from "./dom.js";
import { count, money, percent, share } from "./format.js";

export function showTotals(summary) {
  byId("totals").replaceChildren(
    figure("Spent", money(summary.total_cost), `${money(summary.overhead_cost)} of it on checking and drafts`),
    saving("Saved against the baseline", summary.savings, summary.savings_percentage, summary.cost_without_routing,
      summary.savings_baseline || "the baseline"),
    saving("Saved against the best fixed tier", summary.savings_against_best_fixed_tier,
      summary.savings_percentage_against_best_fixed_tier, summary.cost_of_best_fixed_tier, summary.best_fixed_tier),
    figure("Requests", count(summary.total_requests), summary.failed_requests
      ? `${count(summary.failed_requests)} failed` : "none failed"),
    figure("Moved up", share(summary.total_requests ? summary.escalation_rate : null), "of all requests"),
  );
  byId("notes").textContent = notes(summary).join(" ");
}

function figure(name, value, beside, kind = "") {
  const classes = [kind, value === "unknown" ? "unknown" : ""].filter(Boolean).join(" ");
  return el("div", {}, el("dt", {}, name), el("dd", { class: classes || null }, value), el("dd", { class: "beside" }, beside));
}

function saving(name, amount, percentage, fixed, tier) {
  const isKnown = fixed !== null && fixed !== undefined;
  const beside = isKnown
    ? `${percentage === null ? "" : `${percent(percentage)} of `}${money(fixed)}, the cost of always ${tier}`
    : tier ? "what it would have cost there is not known" : "rate answers of two tiers to know which is best";
  return figure(name, money(amount), beside, amount < 0 ? "negative" : "");
}

function notes(summary) {
  const found = [];
  if (summary.unpriced_requests) {
    found.push(`${count(summary.unpriced_requests)} requests are in no cost figure: a call of theirs has no known price.`);
  }
  if (summary.pending_requests) {
    found.push(`${count(summary.pending_requests)} are not counted yet: a call of theirs has still to report.`);
  }
  if (summary.scope === "worker") found.push("There is no store: these are the figures of one process since it started.");
  return found;
}
