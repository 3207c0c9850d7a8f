// Experiments: what is advised, and each arm's figures with their intervals.

import { byId, el, table } from "./dom.js";
import { count, moment, money, points, score, share } from "./format.js";

const METRICS = [
  { key: "cost_usd", title: "Cost per request", name: "cost per request", show: money, gap: money, top: null },
  { key: "escalation", title: "Moved up", name: "share of requests that moved up", show: share, gap: points, top: null },
  { key: "rating", title: "Rating, 0 to 1", name: "mean rating", show: score, gap: score, top: 1 },
];
const COUNTS = [["units", "Units"], ["requests", "Requests"], ["ratings", "Ratings"]];

/** Fill the section; it is hidden where there is no experiment. */
export function showExperiments(told) {
  const current = told.experiments.filter((run) => run.current);
  byId("experiments").hidden = !current.length;
  byId("experiments-list").replaceChildren(...current.map((run, at) => section(run, earlier(run, told.experiments), at)));
}

function earlier(run, all) {
  return all.filter((one) => !one.current && one.router === run.router && one.experiment === run.experiment);
}

function section(run, older, at) {
  const id = `experiment-${at}`;
  return el("section", { class: "experiment", "aria-labelledby": id },
    el("h3", { id, class: "named" }, run.experiment, tags(run)),
    el("p", { class: "words" }, run.words),
    figures(run, id),
    el("p", { class: "fine" }, about(run)),
    older.map((one, number) => details(one, `${id}-${number}`)));
}

function tags(run) {
  const state = { true: "running", false: "ended" }[run.running];
  const broken = run.sample_ratio_mismatch ? el("span", { class: "tag warn" }, "sample ratio mismatch") : null;
  return [state ? el("span", { class: "tag" }, state) : null, broken];
}

function details(run, id) {
  const name = `Earlier definition, with another ${run.changed.join(" and ")}: its ${count(run.control.requests + run.arm.requests)} requests are not mixed in`;
  return el("details", {}, el("summary", { id }, name), el("p", { class: "words" }, run.words), figures(run, id),
    el("p", { class: "fine" }, about(run)));
}

function about(run) {
  const set = Object.entries(run.set).map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`);
  const { metric, effect, confidence } = run.goal;
  const goal = METRICS.find((one) => one.key === metric);
  const said = [
    `The arm (${set.join(", ")}) gets ${share(run.share)} of the units (${run.unit}).`,
    `Goal: ${goal.name}, where less than ${goal.gap(effect)} does not matter. Intervals hold with ${share(confidence, 0)}, however often you look.`,
  ];
  if (run.requests_without_unit) said.push(`${count(run.requests_without_unit)} requests had no ${run.unit} and take no part.`);
  if (run.first_request_at !== null) said.push(`Requests from ${moment(run.first_request_at)} to ${moment(run.last_request_at)} UTC.`);
  return said.join(" ");
}

function figures(run, id) {
  const columns = [
    { title: "Figure", head: true, cell: (row) => row.title },
    { title: "Control", cell: (row) => row.cell("control") },
    { title: "Arm", cell: (row) => row.cell("arm") },
    { title: "Arm minus control", cell: (row) => row.difference() },
  ];
  const counts = COUNTS.map(([key, title]) => ({ title, cell: (side) => count(run[side][key]), difference: () => "" }));
  const measured = METRICS.map((metric) => measure(run, metric));
  const made = table(`The arms of ${run.experiment} compared`, columns, [...counts, ...measured], "");
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": id }, made);
}

function measure(run, metric) {
  const ends = [run.control, run.arm].flatMap((side) => [side[metric.key].high, side[metric.key].value]);
  const top = metric.top ?? Math.max(0, ...ends.filter((end) => end !== null));
  const gap = run.difference[metric.key];
  const isGoal = run.goal.metric === metric.key;
  const reach = Math.max(...[gap.low, gap.high, gap.value, isGoal ? run.goal.effect : 0].map((end) => Math.abs(end ?? 0)));
  return {
    title: isGoal ? el("span", { class: "named" }, metric.title, el("span", { class: "tag" }, "goal")) : metric.title,
    cell: (side) => withWhisker(run[side][metric.key], (value) => value / (top || 1), metric.show),
    difference: () => withWhisker(gap, (value) => 0.5 + value / (2 * (reach || 1)), metric.gap, "centred"),
  };
}

/** A figure, drawn as a dot with its whiskers and in words; without an interval in words only. */
function withWhisker(figure, place, show, kind = "") {
  if (figure.value === null) return el("span", { class: "unknown" }, "unknown");
  if (figure.low === null) return `${show(figure.value)} (too few units for an interval)`;
  const drawn = el("span", { class: `whisker ${kind}`, "aria-hidden": "true" });
  for (const [name, value] of [["--low", figure.low], ["--high", figure.high], ["--mean", figure.value]]) {
    drawn.style.setProperty(name, Math.max(0, Math.min(1, place(value))));
  }
  return el("span", { class: "with-bar" }, drawn, `${show(figure.value)} (${show(figure.low)} to ${show(figure.high)})`);
}
