// Puts the page together: the key, the controls, what is loaded when, and what is said about it.

import { ApiError, forgetKey, get, saveKey, savedKey } from "./api.js";
import { redraw } from "./charts.js";
import { loadDecisions, setFilters } from "./decisions.js";
import { openDecision } from "./detail.js";
import { byId, el } from "./dom.js";
import { showExperiments } from "./experiments.js";
import { showCharts } from "./overtime.js";
import { loadQuality } from "./quality.js";
import { PERIODS, read, since, write } from "./state.js";
import { showChecks, showLadder, showTiers } from "./tables.js";
import { showTotals } from "./totals.js";

let ladders = [];
let loading = new AbortController();

function say(text) {
  byId("status").textContent = text;
}

function fail(error) {
  if (error.name === "AbortError") return;
  if (!(error instanceof ApiError)) throw error;
  byId("figures").removeAttribute("aria-busy");
  say("");
  byId("alert").textContent = error.message;
  byId("alert").hidden = false;
  if (error.status === 401 || (error.status === 403 && !ladders.length)) askForKey();
}

function askForKey() {
  forgetKey();
  ladders = [];
  byId("sign-in").hidden = false;
  byId("figures").hidden = true;
  byId("controls").hidden = true;
  byId("key").value = "";
  byId("key").focus();
}

async function start() {
  byId("alert").hidden = true;
  say("Loading…");
  try {
    ladders = (await get("ladder")).routers;
  } catch (error) {
    fail(error);
    return;
  }
  byId("sign-in").hidden = true;
  byId("controls").hidden = false;
  setRouters();
  await load();
  await openFromAddress();
}

/** All routers together are offered only where their tiers and baseline are the same: else a sum would mean nothing. */
function setRouters() {
  const shapes = new Set(ladders.map((one) => JSON.stringify([one.savings_baseline, one.tiers.map((tier) => tier.name)])));
  const names = ladders.map((one) => one.router);
  const all = names.length > 1 && shapes.size === 1 ? [el("option", { value: "" }, "all")] : [];
  byId("router").replaceChildren(...all, ...names.map((name) => el("option", { value: name }, name)));
  const state = read();
  const fallback = all.length ? "" : names[0] ?? "";
  byId("router").value = names.includes(state.router) ? state.router : fallback;
  write({ router: byId("router").value });
  byId("router-pick").hidden = names.length < 2;
  for (const input of document.getElementsByName("period")) input.checked = input.value === state.period;
}

function ladder() {
  return ladders.find((one) => one.router === read().router) ?? ladders[0];
}

async function load() {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  const { router, period } = read();
  const asked = { router, since: since(period) };
  byId("alert").hidden = true;
  byId("figures").hidden = false;
  byId("figures").setAttribute("aria-busy", "true");
  say("Loading…");
  setFilters(ladder()?.tiers.map((tier) => tier.name) ?? []);
  if (ladder()) showLadder(ladder());
  const totals = get("summary", asked, signal).then(showSummary);
  const series = get("series", { ...asked, bucket: PERIODS[period].bucket }, signal);
  const quality = totals.then((summary) => loadQuality(asked, signal, "faults" in summary));
  const experiments = get("experiments", { router }, signal).then(showExperiments);
  try {
    await Promise.all([loadDecisions({ signal }), experiments, quality, Promise.all([totals, series]).then(
      ([summary, points]) => showCharts(points, summary, period),
    )]);
    byId("figures").removeAttribute("aria-busy");
    say(`Figures of ${PERIODS[period].words}, as of ${new Date().toISOString().slice(11, 16)} UTC.`);
  } catch (error) {
    fail(error);
  }
}

function showSummary(summary) {
  showTotals(summary);
  showTiers(summary);
  showChecks(summary);
  return summary;
}

async function list(options) {
  say("Loading decisions…");
  try {
    say(`${await loadDecisions(options)} decisions shown.`);
  } catch (error) {
    fail(error);
  }
}

async function openFromAddress() {
  const { decision } = read();
  const dialog = byId("detail");
  if (!decision) {
    if (dialog.open) dialog.close();
    return;
  }
  byId("alert").hidden = true;
  if (!(await openDecision(decision, fail))) write({ decision: "" });
}

async function toDecision(id) {
  write({ decision: id }, { push: true });
  await openFromAddress();
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function showTheme() {
  byId("theme").setAttribute("aria-pressed", String(isDark()));
  redraw();
}

function onSubmit(id, act) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    act(event.currentTarget);
  });
}

onSubmit("key-form", () => {
  saveKey(byId("key").value.trim());
  byId("key").value = "";
  start();
});
onSubmit("controls", () => load());
onSubmit("filters", (form) => {
  const given = Object.fromEntries(new FormData(form));
  write({ tier: given.tier, cause: given.cause, escalated: given.escalated, route: given.route.trim() });
  list();
});
onSubmit("find", () => {
  const id = byId("find-id").value.trim();
  if (id) toDecision(id);
});
byId("filters").addEventListener("reset", () => {
  write({ tier: "", cause: "", escalated: "", route: "" });
  list();
});
byId("controls").addEventListener("change", () => {
  const period = document.querySelector("input[name=period]:checked").value;
  write({ period, router: byId("router").value });
  load();
});
byId("refresh").addEventListener("click", () => load());
byId("forget").addEventListener("click", askForKey);
byId("older").addEventListener("click", () => list({ more: true }));
byId("decisions-table").addEventListener("click", (event) => {
  const link = event.target.closest("a[data-decision]");
  if (!link) return;
  event.preventDefault();
  toDecision(link.dataset.decision);
});
byId("detail").addEventListener("close", () => write({ decision: "" }));
byId("detail").addEventListener("click", (event) => {
  if (event.target === byId("detail")) byId("detail").close();
});
byId("theme").addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("tier-router-theme", theme);
  showTheme();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
addEventListener("popstate", () => savedKey() && ladders.length && openFromAddress());

showTheme();
if (savedKey()) {
  byId("sign-in").hidden = true;
  start();
} else {
  byId("key").focus();
}
