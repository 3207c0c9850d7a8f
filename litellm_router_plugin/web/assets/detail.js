// One decision: why, every call, what it cost, and a rating.

import { get, post } from "./api.js";
import { byId, el, table } from "./dom.js";
import { count, money, moment, moneyInColumn, probability, UNKNOWN } from "./format.js";

/** Open the dialog on a decision. */
export async function openDecision(id, onError) {
  const dialog = byId("detail");
  let one;
  try {
    one = await get(`decisions/${encodeURIComponent(id)}`);
  } catch (error) {
    onError(error);
    return false;
  }
  dialog.replaceChildren(...content(one, dialog));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  return true;
}

function content(one, dialog) {
  const close = el("button", { type: "button", class: "quiet close", onclick: () => dialog.close() }, "Close");
  const title = el("h2", { id: "detail-title", tabindex: "-1" }, `${one.router}: ${one.tier}`);
  return [
    el("header", {}, el("div", {}, title, el("p", { class: "fine" }, `${moment(one.created_at)} UTC, `, el("code", {}, one.decision_id))), close),
    reasons(one),
    amounts(one),
    section("Calls", el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Calls" }, calls(one))),
    forecast(one),
    facts(one),
    prompt(one),
    ratings(one),
    ratingForm(one),
  ].filter(Boolean);
}

function section(title, ...children) {
  return el("section", {}, el("h3", {}, title), ...children);
}

function reasons(one) {
  return el("section", { class: "reasons" },
    el("h3", {}, "Why this tier"), el("p", {}, one.why),
    one.why_not_cheaper ? [el("h3", {}, "Why not the next cheaper one"), el("p", {}, one.why_not_cheaper)] : null);
}

function amounts(one) {
  const state = { pending: "Some calls have still to report.", unknown: "A call has no known price." }[one.cost_state];
  return el("dl", { class: "totals small" },
    amount("Cost", one.cost_usd), amount("Saved", one.savings_usd),
    el("div", {}, el("dt", {}, "Moved up"), el("dd", {}, one.escalated ? "yes" : "no")),
    state ? el("div", {}, el("dt", {}, "State"), el("dd", { class: "words" }, state)) : null);
}

function amount(name, value) {
  const kind = value === null ? "unknown" : value < 0 ? "negative" : null;
  return el("div", {}, el("dt", {}, name), el("dd", { class: kind }, money(value)));
}

function calls(one) {
  const rows = [
    ...one.attempts.map((call, index) => ({ ...call, what: `${index + 1}. ${call.tier}` })),
    ...one.other_calls.map((call) => ({ ...call, what: call.role.replaceAll("_", " ") })),
  ];
  const columns = [
    { title: "Call", head: true, cell: (call) => call.what },
    { title: "Model", cell: (call) => call.model ?? UNKNOWN },
    { title: "Tokens in / out", number: true, cell: tokens },
    { title: "Cost", number: true, cell: (call) => (call.status === "pending" ? "pending" : moneyInColumn(call.cost_usd)) },
    { title: "Verdict", cell: verdict },
  ];
  return table("Every call made for this request", columns, rows, "No call was made.");
}

function tokens(call) {
  if (call.prompt_tokens === undefined) return "";
  return `${count(call.prompt_tokens)} / ${count(call.completion_tokens)}`;
}

function verdict(call) {
  const words = { accept: "accepted", reject: "rejected", unsure: "unsure" };
  const parts = [words[call.verdict] ?? (call.what.match(/^\d/) ? "nobody looked" : "")];
  if (call.failed_checks?.length) parts.push(`by ${call.failed_checks.join(", ")}`);
  if (call.cache_hit) parts.push("(from the cache)");
  if (call.status === "failed") parts.splice(0, 1, "failed");
  return el("span", { class: call.verdict === "reject" || call.status === "failed" ? "negative" : null }, parts.filter(Boolean).join(" "));
}

function forecast(one) {
  const tiers = Object.keys(one.p_success);
  if (!tiers.length) return null;
  const columns = [
    { title: "Tier", head: true, cell: (tier) => tier },
    { title: "Expected to succeed", number: true, cell: (tier) => probability(one.p_success[tier]) },
    { title: "Expected cost", number: true, cell: (tier) => moneyInColumn(one.expected_cost[tier] ?? null) },
  ];
  return section("Forecast before the call", table("Forecast by tier", columns, tiers, ""));
}

function facts(one) {
  const known = [
    ["Cause", one.cause],
    ["Signals", one.signals.join(", ")],
    ["Difficulty", one.difficulty === null ? "" : probability(one.difficulty)],
    ["Confidence", one.confidence === null ? "" : probability(one.confidence)],
    ["Route", one.route],
    ["Cascade", one.cascade],
    ["Experiment", one.experiment],
    ["Key", one.owner.key],
    ["User", one.owner.user],
    ["Team", one.owner.team],
    ["End user", one.owner.end_user],
  ].filter(([, value]) => value);
  return section("Facts", el("dl", { class: "facts" }, known.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])));
}

function prompt(one) {
  if (!one.prompt) return null;
  return section("Prompt", el("pre", { tabindex: "0", role: "group", "aria-label": "Prompt" }, one.prompt));
}

function ratings(one) {
  if (!one.ratings?.length) return null;
  const columns = [
    { title: "Rater", head: true, cell: (given) => given.rater },
    { title: "Score", number: true, cell: (given) => probability(given.score) },
    { title: "Comment", cell: (given) => given.comment },
  ];
  return section("Ratings", table("Ratings of this answer", columns, one.ratings, ""));
}

function ratingForm(one) {
  const said = el("p", { class: "fine", role: "status", "aria-live": "polite" });
  const stars = [1, 2, 3, 4, 5].map((value) => el("label", {},
    el("input", { type: "radio", name: "rating", value, required: true }), el("span", {}, value)));
  const form = el("form", { class: "rate" },
    el("fieldset", { class: "segments" }, el("legend", {}, "1 is bad, 5 is good"), stars),
    el("label", {}, el("span", {}, "Comment"), el("textarea", { name: "comment", rows: "2", maxlength: "2000" })),
    el("button", { type: "submit", class: "primary" }, "Rate this answer"), said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const body = { decision_id: one.decision_id, rating: Number(given.get("rating")) };
    if (given.get("comment")) body.comment = given.get("comment");
    try {
      const taken = await post("feedback", body);
      said.textContent = `Taken: ${given.get("rating")} of 5, by ${taken.rater}. Rating again replaces it.`;
    } catch (error) {
      said.textContent = error.message;
    }
  });
  return section("Rate this answer", form);
}
