// What do both pages need: words, calls to the house, small elements?

const LANGUAGES = ["en", "es"];
const PATIENCE = 8000;
let catalogue = {};
let words = {};

export async function loadTexts() {
  catalogue = await (await fetch("/static/texts.json")).json();
  speak(navigator.language);
}

// Uses the first of the wanted languages that we speak; English otherwise.
export function speak(wanted) {
  const short = String(wanted || "").slice(0, 2).toLowerCase();
  const language = LANGUAGES.includes(short) ? short : "en";
  words = catalogue[language];
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text);
  }
}

export function text(key, values = {}) {
  const pattern = words[key] ?? key;
  return pattern.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

export function reason(code) {
  for (const family of ["refusal", "reason"]) {
    if (words[`${family}.${code}`] !== undefined) return text(`${family}.${code}`);
  }
  if (/^lockd_/.test(code ?? "")) return text("house.away");
  if (/unreach|busy|away|timeout|timed_out|turn_did|heard|answer|link_lost|connect|bluetooth/.test(code ?? "")) return text("reason.unreachable");
  return text("reason.other", { code: code ?? "?" });
}

export class Problem extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

// Answers the parsed body. Throws Problem when the house says no, another error when it is silent.
export async function call(method, path, body, patience = PATIENCE) {
  const response = await ask(method, path, body, patience);
  return response.status === 204 ? null : response.json().catch(() => ({}));
}

// Answers a picture as the house drew it. Throws as `call`.
export async function fetchFile(path, body) {
  return (await ask("POST", path, body, PATIENCE)).blob();
}

async function ask(method, path, body, patience) {
  const options = { method, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(patience) };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Problem(response.status, answer.code ?? "internal_error");
}

// A random id; `crypto.randomUUID` does not exist on pages served over plain HTTP.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// The house's own clock, in seconds that never jump, reckoned from what it last told beside the
// seconds of this page. Never ahead of the house: an answer is older than the moment it arrives.
let ahead = -Infinity;
let setAt = 0;
let heardAt = 0;

export function seconds() {
  return performance.now() / 1000;
}

export function hearClock(told) {
  const now = Date.now();
  const offset = told - seconds();
  const isNearer = offset > ahead;
  const isOfAnotherBoot = ahead - offset > 5;
  if (isNearer || isOfAnotherBoot || now > setAt + 60000) [ahead, setAt] = [offset, now];
  heardAt = now;
}

// Asleep, a phone may not count its seconds: after that the house is asked first.
export function knowsClock() {
  return Math.abs(Date.now() - heardAt) < 15000;
}

export function onHouseClock(moment) {
  return Math.floor((moment + ahead) * 1000) / 1000;
}

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function element(tag, { className, content, onClick, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  if (onClick) made.addEventListener("click", onClick);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function show(id, message) {
  const place = document.getElementById(id);
  place.textContent = message ?? "";
  place.hidden = !message;
}

// The secret behind `#`, taken out of the address bar and the history at once.
export function takeFragment() {
  const secret = location.hash.slice(1);
  if (secret) history.replaceState(null, "", location.pathname);
  return secret;
}
