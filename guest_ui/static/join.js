// How does a companion ask, and learn the answer?

import { call, loadTexts, Problem, reason, show, sleep, takeFragment, text } from "/static/common.js";

const KEPT = "portero-request";
const form = document.getElementById("ask");
const again = document.getElementById("again");
let code = "";

await loadTexts();
form.addEventListener("submit", ask);
again.addEventListener("click", () => { again.hidden = true; start(); });
addEventListener("hashchange", start);
await start();

// A phone may drop the page while its owner waits, so the request outlives it until it is decided.
async function start() {
  code = takeFragment() || code;
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
  if (kept) return wait(kept);
  const why = code ? await whyNot() : text("join.no_code");
  form.hidden = Boolean(why);
  show("notice", why);
}

// A house that is silent now may answer later; a code it does not know will never do.
async function whyNot() {
  try {
    await call("POST", "/api/join/code", { code });
    return "";
  } catch (error) {
    if (!(error instanceof Problem)) return "";
    return error.status === 429 ? reason(error.code) : text("join.wrong_code");
  }
}

async function ask(event) {
  event.preventDefault();
  const data = new FormData(form);
  const wants = [];
  if (data.get("music")) wants.push("music:control", "music:volume", "music:queue");
  if (data.get("door")) wants.push("door:open");
  if (wants.length === 0) return;
  try {
    const name = data.get("name").trim();
    const joined = await call("POST", "/api/join", { code, name, wants });
    const kept = { secret: joined.secret, name };
    localStorage.setItem(KEPT, JSON.stringify(kept));
    await wait(kept);
  } catch (error) {
    show("notice", error instanceof Problem ? reason(error.code) : text("house.away"));
  }
}

async function wait(kept) {
  form.hidden = true;
  show("notice", text("join.waiting", { name: kept.name }));
  for (;;) {
    const state = await stateOf(kept.secret);
    if (state === "approved") return enter(kept.secret);
    if (state === "denied" || state === "expired" || state === "ended") return end(state);
    await sleep(2000);
  }
}

async function stateOf(secret) {
  try {
    return (await call("POST", "/api/requests/state", { secret })).state;
  } catch (error) {
    return error instanceof Problem && error.status === 404 ? "expired" : "pending";
  }
}

async function enter(secret) {
  show("notice", text("join.approved"));
  try {
    await call("POST", "/api/session", { secret });
    localStorage.removeItem(KEPT);
    location.replace("/");
  } catch (error) {
    if (error instanceof Problem && error.status < 500) localStorage.removeItem(KEPT);
    show("notice", error instanceof Problem ? reason(error.code) : text("house.away"));
  }
}

function end(state) {
  localStorage.removeItem(KEPT);
  show("notice", text(state === "denied" ? "join.denied" : "join.expired"));
  again.hidden = !code;
}
