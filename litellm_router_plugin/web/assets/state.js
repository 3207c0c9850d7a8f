// What is being looked at, kept in the address so that it can be bookmarked and shared. Never the key.

const DEFAULTS = { router: "", period: "30d", tier: "", cause: "", escalated: "", route: "", decision: "" };
const DAY_S = 86400;
const HOUR_S = 3600;

/** Period -> its length in seconds, and the bucket of its charts. */
export const PERIODS = {
  "24h": { seconds: DAY_S, bucket: "hour", words: "the last 24 hours" },
  "7d": { seconds: 7 * DAY_S, bucket: "hour", words: "the last 7 days" },
  "30d": { seconds: 30 * DAY_S, bucket: "day", words: "the last 30 days" },
  "90d": { seconds: 90 * DAY_S, bucket: "day", words: "the last 90 days" },
};

export function read() {
  const written = new URLSearchParams(location.hash.slice(1));
  const state = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS)) if (written.has(name)) state[name] = written.get(name);
  if (!(state.period in PERIODS)) state.period = DEFAULTS.period;
  return state;
}

/** Change some of it. A new entry in the history only where the user would want to come back. */
export function write(changes, { push = false } = {}) {
  const state = { ...read(), ...changes };
  const written = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) if (value !== DEFAULTS[name]) written.set(name, value);
  const address = `${location.pathname}${location.search}${written.size ? `#${written}` : ""}`;
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  return state;
}

/** When a period began: a whole bucket, so that the first one of a chart is not cut. */
export function since(period) {
  const { seconds, bucket } = PERIODS[period];
  const step = bucket === "day" ? DAY_S : HOUR_S;
  const from = Math.floor((Date.now() / 1000 - seconds) / step) * step + step;
  return new Date(from * 1000).toISOString();
}

/** The beginnings of all buckets of a period, in seconds. */
export function buckets(period) {
  const { bucket } = PERIODS[period];
  const step = bucket === "day" ? DAY_S : HOUR_S;
  const found = [];
  for (let at = Date.parse(since(period)) / 1000; at <= Date.now() / 1000; at += step) found.push(at);
  return found;
}
