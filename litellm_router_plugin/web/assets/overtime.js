// The four charts: what is drawn in each, from the series of the API.

import { draw, tierColour } from "./charts.js";
import { byId } from "./dom.js";
import { count, money, share } from "./format.js";
import { PERIODS, buckets } from "./state.js";

export function showCharts(series, summary, period) {
  const times = buckets(period);
  const points = new Map(series.points.map((point) => [Date.parse(point.start) / 1000, point]));
  const about = { bucket: series.bucket, times, words: PERIODS[period].words };
  const pick = (read, empty = 0) => times.map((at) => (points.has(at) ? read(points.get(at)) : empty));
  draw(byId("chart-savings"), savings(series, summary, about, pick));
  draw(byId("chart-cost"), cost(summary, about, pick));
  draw(byId("chart-mix"), mix(series, summary, about, pick));
  draw(byId("chart-escalations"), escalations(summary, about, pick));
}

function savings(series, summary, about, pick) {
  const fixed = series.best_fixed_tier ?? "one tier";
  const baseline = series.savings_baseline || "the baseline";
  return {
    ...about,
    title: "Saved",
    words: `In ${about.words}: ${money(summary.savings)} against ${baseline}, `
      + `${money(summary.savings_against_best_fixed_tier)} against always ${fixed}.`,
    format: money,
    axis: money,
    series: [
      { label: `against ${baseline}`, kind: "area", colour: "--accent", total: summary.savings, values: pick((one) => one.savings_usd) },
      { label: `against always ${fixed}`, kind: "line", dashed: true, colour: "--strong", total: summary.savings_against_best_fixed_tier,
        values: pick((one) => one.savings_against_best_fixed_tier_usd) },
    ],
  };
}

function cost(summary, about, pick) {
  return {
    ...about,
    title: "Spent",
    words: `In ${about.words}: ${money(summary.total_cost)}, of it ${money(summary.overhead_cost)} on checking and drafts.`,
    format: money,
    axis: money,
    series: [
      { label: "all calls", kind: "bars", colour: "--tier-2", total: summary.total_cost, values: pick((one) => one.cost_usd) },
      { label: "of it checking and drafts", kind: "bars", colour: "--tier-4", total: summary.overhead_cost, values: pick((one) => one.overhead_usd) },
    ],
  };
}

function mix(series, summary, about, pick) {
  const tiers = series.tiers;
  const shares = tiers.map((tier) => `${tier} ${count(summary.requests_by_tier[tier] ?? 0)}`);
  return {
    ...about,
    title: "Requests by tier",
    words: `In ${about.words}: ${shares.join(", ")}.`,
    format: count,
    axis: count,
    stacked: true,
    series: tiers.map((tier, index) => ({
      label: tier,
      kind: "bars",
      colour: tierColour(index, tiers.length),
      total: summary.requests_by_tier[tier] ?? 0,
      values: pick((one) => one.requests_by_tier[tier] ?? 0),
    })),
  };
}

function escalations(summary, about, pick) {
  const total = summary.total_requests ? summary.escalation_rate : null;
  return {
    ...about,
    title: "Moved up",
    words: `In ${about.words}: ${share(total)} of the requests moved up at least once.`,
    format: (value) => share(value),
    axis: (value) => share(value, Number.isInteger(Math.round(1e6 * value) / 1e4) ? 0 : 1),
    series: [
      { label: "of all requests", kind: "line", colour: "--accent", total,
        values: pick((one) => (one.requests ? one.escalated_requests / one.requests : null), null) },
    ],
  };
}
