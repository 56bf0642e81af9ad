// Requests, and an answer that is kept in this browser until the server has said that it is saved.
const csrf = document.querySelector("meta[name=csrf]").content;
const { study, person } = document.body.dataset;
const KEPT = `fgresq:unsaved:${study}:${person}`;
const WAITS = [1000, 2000, 4000, 8000, 15000];
const TIMEOUT_MS = 15000;

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function ask(path, body) {
  // Throws Refused when the server said no, and another error when it said nothing.
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const found = await response.json();
  if (!response.ok) throw new Refused(response.status, found.error);
  return found;
}

let inMemory = null; // where the browser stores nothing, the open page still keeps the answer

export function keep(item) {
  inMemory = item;
  try {
    localStorage.setItem(KEPT, JSON.stringify(item));
    return true;
  } catch {
    return false;
  }
}

export function kept() {
  if (inMemory) return inMemory;
  try {
    return JSON.parse(localStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function forget() {
  inMemory = null;
  try {
    localStorage.removeItem(KEPT);
  } catch { /* it couldn't be stored there either */ }
}

const isFinal = (status) => status >= 400 && status < 500 && ![401, 403, 408, 413, 421, 425, 429].includes(status);

export async function send(item, { troubled, soon }) {
  // Until it is saved or finally refused. `troubled(message)` is called after each failure, `soon()` gives a promise
  // that is kept when somebody or something asks for the next try.
  for (let attempt = 0; ; attempt += 1) {
    try {
      const receipt = await ask(item.path, item.body);
      if (receipt.saved !== true) throw new Error("no receipt");
      forget();
      return receipt;
    } catch (error) {
      if (error instanceof Refused && isFinal(error.status)) {
        forget();
        throw error;
      }
      const reason = error instanceof Refused ? error.message : "The server doesn’t answer.";
      troubled(reason, error instanceof Refused ? error.status : 0);
      const wait = WAITS[Math.min(attempt, WAITS.length - 1)];
      await Promise.race([new Promise((resolve) => setTimeout(resolve, wait)), soon()]);
    }
  }
}

export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
