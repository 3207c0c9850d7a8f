// Tiers, checks, ladder.

import { bar, byId, el, table } from "./dom.js";
import { count, money, price, probability, share, thousands, UNKNOWN } from "./format.js";

export function showTiers(summary) {
  const tiers = Object.keys(summary.requests_by_tier);
  const served = Object.values(summary.requests_by_tier).reduce((sum, one) => sum + one, 0);
  const columns = [
    { title: "Tier", head: true, cell: (tier) => tier },
    { title: "Requests", number: true, cell: (tier) => count(summary.requests_by_tier[tier]) },
    { title: "Share", cell: (tier) => shareOf(summary.requests_by_tier[tier], served) },
    { title: "Cost", number: true, cell: (tier) => money(summary.costs_by_tier[tier]) },
    { title: "If all here", number: true, cell: (tier) => money(summary.cost_if_always[tier]) },
    { title: "Accepted", number: true, cell: (tier) => accepted(summary.acceptance_by_tier[tier]) },
    { title: "Rating (95 % interval), count", cell: (tier) => rating(summary.ratings_by_tier[tier]) },
  ];
  byId("tiers-table").replaceChildren(table("Requests, cost, acceptance and ratings by tier", columns, tiers, "No tier."));
}

function shareOf(part, all) {
  return el("span", { class: "with-bar" }, bar(all ? part / all : 0), all ? share(part / all) : UNKNOWN);
}

function accepted(value) {
  return value === null || value === undefined ? quiet("not checked") : share(value);
}

function quiet(text) {
  return el("span", { class: "unknown" }, text);
}

/** A mean with its interval, drawn and in words. */
function rating(quality) {
  if (!quality?.ratings) return quiet("no rating");
  const range = el("span", { class: "range", "aria-hidden": "true" });
  range.style.setProperty("--low", quality.low);
  range.style.setProperty("--high", quality.high);
  range.style.setProperty("--mean", quality.mean_score);
  const words = `${probability(quality.mean_score)} (${probability(quality.low)}\u2013${probability(quality.high)}), ${count(quality.ratings)}`;
  return el("span", { class: "with-bar" }, range, words);
}

export function showChecks(summary) {
  const rows = Object.entries(summary.acceptance_by_check).sort(([, one], [, other]) => other.rejected - one.rejected);
  const columns = [
    { title: "Check or judge", head: true, cell: ([name]) => name },
    { title: "Rejected", number: true, cell: ([, figures]) => count(figures.rejected) },
    { title: "Answers read", number: true, cell: ([, figures]) => count(figures.of) },
    { title: "Let pass", cell: ([, figures]) => passed(figures.acceptance) },
  ];
  byId("checks-table").replaceChildren(table("How often each check or judge let an answer pass", columns, rows, "No answer was rejected in this period."));
}

function passed(value) {
  return el("span", { class: "with-bar" }, bar(value ?? 0), share(value));
}

export function showLadder(ladder) {
  const columns = [
    { title: "Tier", head: true, cell: (tier) => nameOf(tier, ladder) },
    { title: "Model group", cell: (tier) => tier.model_group },
    { title: "Models", cell: (tier) => tier.models.join(", ") },
    { title: "Input", number: true, cell: (tier) => price(tier.input_usd_per_million) },
    { title: "Cached input", number: true, cell: (tier) => cached(tier) },
    { title: "Output", number: true, cell: (tier) => price(tier.output_usd_per_million) },
    { title: "Context", number: true, cell: (tier) => thousands(tier.context_tokens) },
    { title: "Takes", cell: (tier) => capabilities(tier) },
  ];
  byId("ladder-table").replaceChildren(table(`The ladder of ${ladder.router}, cheapest first`, columns, ladder.tiers, "No tier."));
}

function cached(tier) {
  if (tier.cached_input_usd_per_million !== null) return price(tier.cached_input_usd_per_million);
  return tier.input_usd_per_million === null ? UNKNOWN : quiet("as input");
}

function nameOf(tier, ladder) {
  const marks = [];
  if (tier.name === ladder.default_tier) marks.push(el("span", { class: "tag" }, "default"));
  if (tier.name === ladder.savings_baseline) marks.push(el("span", { class: "tag" }, "baseline"));
  if (tier.dominated_by) marks.push(el("span", { class: "tag warn" }, `dominated: ${tier.dominated_by} costs no more`));
  return el("span", { class: "named" }, tier.name, marks);
}

function capabilities(tier) {
  const has = Object.entries(tier.capabilities).filter(([, value]) => value).map(([name]) => name.replaceAll("_", " "));
  return has.length ? has.join(", ") : UNKNOWN;
}
