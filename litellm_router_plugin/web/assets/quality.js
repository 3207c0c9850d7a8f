// Quality: what observing shows, acceptance and ratings, drift alarms, proposed and applied changes.

import { get } from "./api.js";
import { byId, el, table } from "./dom.js";
import { count, money, moment, score, share } from "./format.js";

const BASES = {
  known: () => "known",
  sampled: (one) => `estimates corrected by ${count(one.sampled)} sampled requests`,
  estimated: (one) => `estimated; ${count(one.needs)} sampled requests more give an interval`,
};

/** Load and fill the sections. Monitors and proposals are for admins; nobody else's page asks for them. */
export async function loadQuality(asked, signal, isAdmin) {
  const [observed, quality, monitoring] = await Promise.all([
    get("observed", asked, signal), get("quality", { ...asked, by: "tier" }, signal),
    isAdmin ? get("monitoring", { router: asked.router }, signal) : null,
  ]);
  showObserved(observed);
  showQuality(quality);
  showMonitoring(monitoring);
}

function showObserved(found) {
  byId("observed").hidden = !found.requests;
  const rows = [["Really happened", { cost_usd: found.actual_usd, basis: "known" }], ["Routing", found.routing],
    ["Routing with the cascade", found.cascade]];
  const columns = [
    { title: "Policy", head: true, cell: ([name]) => name },
    { title: "Cost", cell: ([, one]) => range(one.cost_usd, one.cost_low_usd, one.cost_high_usd) },
    { title: "Saved", cell: ([, one]) => (one.saved_usd === undefined ? "" : range(one.saved_usd, one.saved_low_usd, one.saved_high_usd)) },
    { title: "Rests on", cell: ([, one]) => BASES[one.basis](one) },
  ];
  byId("observed-table").replaceChildren(table("What routing would have cost and saved", columns, rows, ""));
  const moved = found.cascade.escalation_rate;
  byId("observed-words").textContent = `${count(found.requests)} requests were observed, ${count(found.sampled)} of them sampled. `
    + `Shadow calls cost ${money(found.shadow_spend_usd)}. The cascade would have moved up on ${rate(moved)} of the sampled ones.`;
}

function showQuality(found) {
  const columns = [
    { title: "Tier", head: true, cell: (one) => one.name },
    { title: "Graded", number: true, cell: (one) => count(one.acceptance.of) },
    { title: "Accepted (95 % interval)", cell: (one) => rate(one.acceptance) },
    { title: "First day", number: true, cell: (one) => share(one.points[0].acceptance.share) },
    { title: "Latest day", number: true, cell: (one) => share(one.points.at(-1).acceptance.share) },
    { title: "Rating, count", cell: (one) => (one.rating.ratings ? `${score(one.rating.mean_score)}, ${count(one.rating.ratings)}` : "no rating") },
  ];
  byId("quality-table").replaceChildren(table("Acceptance and ratings by tier over the period", columns, found.groups, "No answer was graded or rated in this period."));
}

function showMonitoring(found) {
  byId("monitoring").hidden = !found;
  if (!found) return;
  const alarms = found.monitors.filter((one) => one.alarm);
  const streams = [
    { title: "Stream", head: true, cell: (one) => `${one.stream} of ${one.tier}, route ${one.route}` },
    { title: "Values", number: true, cell: (one) => count(one.seen) },
    { title: "What changed", cell: (one) => one.alarm },
  ];
  const none = `No alarm. ${count(found.monitors.length)} streams are watched.`;
  byId("alarms-table").replaceChildren(table("Drift alarms", streams, alarms, none));
  const proposals = found.routers.flatMap((one) => one.proposals);
  byId("proposals").replaceChildren(...(proposals.length ? proposals.map(proposal) : [el("p", { class: "fine" }, "Nothing is proposed.")]));
  const steps = found.routers.flatMap((one) => one.steps);
  const columns = [
    { title: "Setting", head: true, cell: (one) => `${one.setting} ${one.tier ?? ""} on ${one.route}` },
    { title: "From", cell: (one) => (one.before === null ? "none" : String(one.before)) },
    { title: "To", cell: (one) => String(one.after) },
    { title: "When (UTC)", cell: (one) => moment(one.at) },
    { title: "State", cell: (one) => (one.reverted_at === null ? `holds; step ${one.id}` : "taken back") },
  ];
  byId("steps-table").replaceChildren(table("Settings changed while running", columns, steps, "None."));
}

function proposal(one) {
  const { reason, outcomes, source } = one.evidence;
  return el("figure", { class: "proposal" },
    el("figcaption", {}, `${one.router}, route ${one.route}: ${reason}, by ${count(outcomes)} ${source}. Proposal ${one.id}.`),
    el("pre", { tabindex: "0", role: "group", "aria-label": `Change of the config: ${one.setting} on ${one.route}` }, one.diff));
}

function range(value, low, high) {
  return typeof low === "number" && low !== high ? `${money(value)} (${money(low)} to ${money(high)})` : money(value);
}

function rate(found) {
  return found?.of ? `${share(found.share)} (${share(found.low)} to ${share(found.high)})` : "unknown";
}
