// Calls the API of this proxy with the key that the user entered. The key lives in this tab only.

const STORED = "tier-router-key";

export function savedKey() {
  return sessionStorage.getItem(STORED);
}

export function saveKey(key) {
  sessionStorage.setItem(STORED, key);
}

export function forgetKey() {
  sessionStorage.removeItem(STORED);
}

/** What the proxy answered instead of what was asked for. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** GET a path below /tier-router/ with those parameters that have a value. */
export function get(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const asked = query.toString();
  return call(asked ? `${path}?${asked}` : path, { signal });
}

/** POST a body as JSON. */
export function post(path, body) {
  return call(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
}

async function call(path, options) {
  const headers = { ...options.headers, authorization: `Bearer ${savedKey() ?? ""}` };
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The proxy does not answer. Is it running?");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  throw new ApiError(response.status, wordsOf(response.status, answer));
}

function wordsOf(status, answer) {
  if (status === 401) return "The proxy does not know this key.";
  const told = answer?.detail ?? answer?.error?.message;
  return typeof told === "string" ? told : `The proxy answered ${status}.`;
}
