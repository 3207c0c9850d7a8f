// Charts over time, drawn by uPlot. Each has its figures as a table as well, for those who cannot see it.

import { el, table } from "./dom.js";
import { bucketStart } from "./format.js";

const drawn = new Map();
const HEIGHT = 190;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Colours of tiers, from the cheapest to the dearest: one hue, ever darker. */
export function tierColour(index, tiers) {
  const steps = ["--tier-1", "--tier-2", "--tier-3", "--tier-4"];
  const at = tiers > 1 ? Math.round((index * (steps.length - 1)) / (tiers - 1)) : steps.length - 1;
  return steps[at];
}

/**
 * Draw a chart into a figure.
 * chart: {title, words, bucket, times, format, series: [{label, values, colour, kind: line|area|bars, dashed?, total?}],
 *         stacked?, note?}; a value of null is unknown and leaves a gap.
 */
export function draw(figure, chart) {
  drawn.get(figure)?.plot?.destroy();
  const canvas = el("div", { class: "canvas", role: "img", "aria-label": `${chart.title}. ${chart.words}` });
  const values = chart.series.map(() => el("span", { class: "value" }));
  const legend = el("ul", { class: "legend" }, chart.series.map((one, index) => legendItem(one, values[index])));
  const when = el("span", { class: "when" });
  figure.replaceChildren(
    el("figcaption", {}, el("h3", {}, chart.title), when), legend, canvas, asTable(chart),
  );
  const state = { chart, canvas, values, when, plot: null };
  drawn.set(figure, state);
  show(state, null);
  plot(state);
  watched.observe(canvas);
}

function legendItem(one, value) {
  const mark = el("span", { class: `mark ${one.kind}${one.dashed ? " dashed" : ""}`, "aria-hidden": "true" });
  mark.style.setProperty("--mark", `var(${one.colour})`);
  return el("li", {}, mark, el("span", { class: "name" }, one.label), value);
}

/** The legend's numbers: of one bucket while the pointer is over it, else of the period. */
function show({ chart, values, when }, index) {
  when.textContent = index === null ? "" : bucketStart(chart.times[index], chart.bucket);
  chart.series.forEach((one, at) => {
    const value = index === null ? one.total : one.values[index];
    values[at].textContent = chart.format(value);
    values[at].classList.toggle("negative", typeof value === "number" && value < 0);
  });
}

function plot(state) {
  const { chart, canvas } = state;
  state.plot?.destroy();
  state.plot = new window.uPlot(options(state, canvas.clientWidth || 300), data(chart), canvas);
  state.plot.root.setAttribute("aria-hidden", "true");
}

function data(chart) {
  if (!chart.stacked) return [chart.times, ...chart.series.map((one) => one.values)];
  const sums = chart.times.map(() => 0);
  const layers = chart.series.map((one) => one.values.map((value, at) => (sums[at] += value ?? 0)));
  return [chart.times, ...layers.reverse()]; // the tallest first: the others are drawn over it
}

function options(state, width) {
  const { chart } = state;
  const muted = colour("--muted");
  const axis = { stroke: muted, font: "11px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: colour("--line"), width: 1 };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: !chart.stacked } },
    padding: [8, 8, 0, 0],
    scales: { x: { range: (_, low, high) => around(chart, low, high) }, y: { range: (_, low, high) => room(low, high) } },
    axes: [
      { ...axis, grid: { show: false }, space: 56, size: 28, values: dates(chart.bucket) },
      { ...axis, grid, size: 64, space: 34, values: (_, ticks) => ticks.map((tick) => chart.axis(tick)) },
    ],
    series: [{}, ...inOrder(chart).map((one) => seriesOptions(one, chart))],
    hooks: { setCursor: [(self) => show(state, self.cursor.idx ?? null)], drawAxes: [zeroLine] },
  };
}

function dates(bucket) {
  return (self, ticks) => ticks.map((tick) => {
    const text = new Date(tick * 1000).toISOString();
    const midnight = text.slice(11, 16) === "00:00";
    const span = self.scales.x.max - self.scales.x.min;
    return bucket === "hour" && !(midnight && span > 2 * 86400) ? text.slice(11, 16) : text.slice(5, 10);
  });
}

function around(chart, low, high) {
  const step = chart.bucket === "day" ? 86400 : 3600;
  return [low - step * 0.6, high + step * 0.6];
}

/** From 0, or below where there are negative values, with a little room. */
function room(low, high) {
  const least = Math.min(0, low ?? 0);
  const most = Math.max(0, high ?? 0);
  const pad = (most - least || 1) * 0.06;
  return [least < 0 ? least - pad : 0, most > 0 || least === 0 ? most + pad : 0];
}

function inOrder(chart) {
  return chart.stacked ? [...chart.series].reverse() : chart.series;
}

function seriesOptions(one, chart) {
  const stroke = colour(one.colour);
  if (one.kind === "bars") {
    const bars = window.uPlot.paths.bars({ size: [0.72, 26], radius: chart.stacked ? 0 : 0.12 });
    return { label: one.label, paths: bars, fill: stroke, stroke, width: 0, points: { show: false } };
  }
  return {
    label: one.label,
    stroke,
    width: 2,
    dash: one.dashed ? [5, 4] : undefined,
    fill: one.kind === "area" ? `${stroke}22` : undefined,
    points: { show: chart.times.length < 3 || undefined, size: 5 },
    spanGaps: false,
  };
}

function zeroLine(self) {
  const { min, max } = self.scales.y;
  if (!(min < 0 && max >= 0)) return;
  const { ctx, bbox } = self;
  const y = Math.round(self.valToPos(0, "y", true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = colour("--muted");
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

function asTable(chart) {
  const columns = [
    { title: chart.bucket === "day" ? "Day (UTC)" : "Hour (UTC)", cell: (at) => bucketStart(chart.times[at], chart.bucket), head: true },
    ...chart.series.map((one) => ({ title: one.label, cell: (at) => chart.format(one.values[at]), number: true })),
  ];
  const holder = el("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-label": `${chart.title} as a table` });
  const details = el("details", {}, el("summary", {}, "Show as a table"), holder);
  details.addEventListener("toggle", () => {
    if (details.open && !holder.firstChild) {
      holder.append(table(chart.title, columns, [...chart.times.keys()].reverse(), "No request in this period."));
    }
  });
  return details;
}

const watched = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const state = [...drawn.values()].find((one) => one.canvas === target);
    if (state?.plot && target.clientWidth) state.plot.setSize({ width: target.clientWidth, height: HEIGHT });
    if (!state) watched.unobserve(target);
  }
});

/** Draw all charts again, in the colours of the theme that holds now. */
export function redraw() {
  for (const state of drawn.values()) plot(state);
}
