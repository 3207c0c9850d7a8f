// Numbers and moments as text. Null is "unknown", never 0.

export const UNKNOWN = "unknown";
const MINUS = "\u2212";

const decimals = new Map();

function formatted(value, least, most) {
  const key = `${least}:${most}`;
  if (!decimals.has(key)) {
    decimals.set(key, new Intl.NumberFormat("en-US", { minimumFractionDigits: least, maximumFractionDigits: most }));
  }
  return decimals.get(key).format(Math.abs(value));
}

function isKnown(value) {
  return typeof value === "number" && Number.isFinite(value);
}

function signed(value, text) {
  const isZero = !/[1-9]/.test(text);
  return value < 0 && !isZero ? MINUS + text : text;
}

/** An amount in USD: two decimals from a dollar up, more where it is small, so that it never rounds to nothing. */
export function money(value) {
  if (!isKnown(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size === 0) return "$0";
  if (size >= 1) return signed(value, `$${formatted(value, 2, 2)}`);
  const places = Math.min(10, Math.max(2, 2 - Math.floor(Math.log10(size))));
  return signed(value, `$${formatted(value, 2, places)}`);
}

/** The same in a column of small amounts: six decimals, so that they line up. */
export function moneyInColumn(value) {
  if (!isKnown(value) || (value !== 0 && Math.abs(value) < 1e-5)) return money(value);
  return signed(value, `$${formatted(value, 6, 6)}`);
}

/** A whole number. */
export function count(value) {
  return isKnown(value) ? signed(value, formatted(value, 0, 0)) : UNKNOWN;
}

/** A share from 0 to 1 as percent. */
export function share(value, places = 1) {
  return isKnown(value) ? percent(100 * value, places) : UNKNOWN;
}

/** A percentage that is one already. */
export function percent(value, places = 1) {
  return isKnown(value) ? `${signed(value, formatted(value, places, places))}\u202f%` : UNKNOWN;
}

/** A price per million tokens. */
export function price(value) {
  return isKnown(value) ? `$${formatted(value, 2, 4)}` : UNKNOWN;
}

/** Tokens of a context window, in thousands. */
export function thousands(value) {
  return isKnown(value) ? `${formatted(value / 1000, 0, 0)}k` : UNKNOWN;
}

/** A probability or score. */
export function probability(value) {
  return isKnown(value) ? formatted(value, 2, 2) : UNKNOWN;
}

/** A rating, or a difference of two: three decimals, with a sign where it is negative. */
export function score(value) {
  return isKnown(value) ? signed(value, formatted(value, 3, 3)) : UNKNOWN;
}

/** A difference of two shares, in percentage points. */
export function points(value) {
  return isKnown(value) ? `${signed(value, formatted(100 * value, 1, 1))} points` : UNKNOWN;
}

/** A moment in seconds since 1970, in UTC: day and time to the second. */
export function moment(seconds) {
  if (!isKnown(seconds)) return UNKNOWN;
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}

/** The beginning of an hour or a day of a chart. */
export function bucketStart(seconds, bucket) {
  const text = new Date(seconds * 1000).toISOString();
  return bucket === "hour" ? text.slice(0, 16).replace("T", " ") : text.slice(0, 10);
}
