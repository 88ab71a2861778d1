// What may this guest do here and now: doors, companions, music?

import {
  call, element, hearClock, knowsClock, loadTexts, newId, onHouseClock, Problem, reason, seconds, show, sleep, speak,
  takeFragment, text,
} from "/static/common.js";
import { drawMusic, startMusic } from "/static/music.js";

const POLL = 4000;
const RESULT_STAYS = 12000;
const WISH_LASTS = 10;
const ASKING_LASTS = 6;
const ASKING_PATIENCE = 4000;
const ANSWER_LASTS = 60;
const ANSWER_PATIENCE = 28000;
const IS_HOST = new Set(["staff", "owner"]);
const HIDDEN_PIN = "••••••";
const LINKS = {
  not_signed_in: "link.wrong", unknown_grant: "link.wrong",
  revoked: "link.withdrawn", ended: "link.ended", parent_ended: "link.ended",
};
const doors = new Map();
const requests = new Map();

await loadTexts();
await start();
addEventListener("hashchange", start);
document.addEventListener("visibilitychange", () => { if (isWatching()) refresh(); });
document.getElementById("sign-out").addEventListener("click", signOut);
document.getElementById("invite").addEventListener("toggle", showInvitation);
startMusic();
watch();

async function start() {
  const secret = takeFragment();
  if (secret && !(await signIn(secret))) return;
  await refresh();
}

async function signIn(secret) {
  try {
    await call("POST", "/api/session", { secret });
    return true;
  } catch (error) {
    const why = error instanceof Problem ? whyNot(error.code) : text("house.away");
    leave(why, { isWelcome: error instanceof Problem });
    return false;
  }
}

function whyNot(code) {
  return LINKS[code] ? text(LINKS[code]) : text("link.not_now", { reason: reason(code) });
}

async function signOut() {
  await call("DELETE", "/api/session").catch(() => null);
  location.reload();
}

async function watch() {
  for (;;) {
    await sleep(POLL);
    if (isWatching()) await refresh();
  }
}

function isWatching() {
  return !document.hidden && isSignedIn();
}

function isSignedIn() {
  return !document.getElementById("sign-out").hidden;
}

async function refresh() {
  try {
    draw(await call("GET", "/api/stay"));
  } catch (error) {
    if (!(error instanceof Problem)) return show("notice", text("house.away"));
    if (error.status === 401) return leave(isSignedIn() ? text("session.over") : "", { isWelcome: true });
    if (error.status === 403) return leave(text("stay.over", { reason: reason(error.code) }));
    show("notice", reason(error.code));
  }
}

// The house knows this person no more. Nothing of the stay remains on the page, least of all a PIN.
function leave(why, { isWelcome = false } = {}) {
  for (const cards of [doors, requests]) {
    for (const card of cards.values()) card.box.remove();
    cards.clear();
  }
  drawMusic([]);
  document.title = text("title");
  document.getElementById("hello").textContent = isWelcome ? text("welcome") : "Portero";
  for (const id of ["house", "window"]) document.getElementById(id).textContent = "";
  document.getElementById("invite-code").removeAttribute("src");
  for (const id of ["doors", "requests", "sign", "sign-out"]) document.getElementById(id).hidden = true;
  document.getElementById("welcome").hidden = !isWelcome;
  show("notice", why);
}

function draw(stay) {
  hearClock(stay.clock);
  speak(stay.language || navigator.language);
  document.title = stay.house ? `${text("title")} · ${stay.house}` : text("title");
  document.getElementById("house").textContent = stay.house || "";
  document.getElementById("hello").textContent = stay.name ? text("hello", { name: stay.name }) : text("hello.nameless");
  document.getElementById("window").textContent = text("stay.window", { from: when(stay.starts, stay.zone), to: when(stay.ends, stay.zone) });
  show("notice", stay.usable ? "" : text("stay.not_usable", { reason: reason(stay.refusal) }));
  drawAll("doors", stay.doors, doors, (door) => door.lock, doorCard);
  drawAll("requests", stay.requests, requests, (request) => request.request, requestCard);
  document.getElementById("requests").hidden = !stay.may_approve;
  document.getElementById("invite").hidden = !stay.join_code;
  document.getElementById("sign-out").hidden = false;
  document.getElementById("sign").hidden = !IS_HOST.has(stay.role);
  document.getElementById("welcome").hidden = true;
  drawMusic(stay.players);
}

function when(instant, zone) {
  const form = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone };
  const language = document.documentElement.lang;
  const region = navigator.language.startsWith(language) ? navigator.language : language;
  return new Intl.DateTimeFormat(region, form).format(new Date(instant));
}

// Keeps the cards that are there (a door may be moving) and updates what they say.
function drawAll(id, items, cards, keyOf, make) {
  const section = document.getElementById(id);
  const place = section.querySelector(".cards");
  const wanted = new Set(items.map(keyOf));
  for (const [key, card] of cards) {
    if (!wanted.has(key)) { card.box.remove(); cards.delete(key); }
  }
  for (const item of items) {
    const key = keyOf(item);
    if (!cards.has(key)) {
      cards.set(key, make(item));
      place.append(cards.get(key).box);
    }
    cards.get(key).update(item);
  }
  section.hidden = items.length === 0;
}

function doorCard(first) {
  const state = element("p", { className: "quiet" });
  const pin = element("div", { className: "row" });
  const result = element("p", { className: "result", role: "status" });
  const open = moveButton(first.lock, "open", "main wide", result);
  const lock = moveButton(first.lock, "lock", "wide", result);
  const title = element("h3");
  const box = element("article", { className: "card", "data-door": first.lock }, title, state, pin, open, lock, result);
  let shownPin = null;
  return {
    box,
    update(door) {
      title.textContent = door.name;
      state.textContent = [
        door.shared ? text("door.shared") : "",
        text(`door.bolt.${door.bolt}`),
        door.battery_percent === null ? "" : text("door.battery", { percent: door.battery_percent }),
      ].filter(Boolean).join(" · ");
      open.hidden = !door.may_open;
      lock.hidden = !door.may_lock;
      const told = JSON.stringify([door.pin, door.pin_state, document.documentElement.lang]);
      if (told !== shownPin) { shownPin = told; drawPin(pin, door); }
    },
  };
}

function drawPin(place, door) {
  place.replaceChildren();
  if (!door.pin) return;
  const digits = element("span", { className: "pin", content: HIDDEN_PIN });
  const button = element("button", { content: text("door.pin.show") });
  const copied = element("div", { className: "quiet", role: "status" });
  const reveal = (isShown) => {
    digits.textContent = isShown ? door.pin : HIDDEN_PIN;
    button.textContent = text(isShown ? "door.pin.hide" : "door.pin.show");
    copied.textContent = "";
  };
  button.addEventListener("click", () => reveal(digits.textContent !== door.pin));
  const copy = element("button", { content: text("door.pin.copy"), onClick: async () => {
    reveal(true);
    copied.textContent = text(await copyFrom(digits) ? "door.pin.copied" : "door.pin.selected");
  } });
  const note = door.pin_state ? text(`pin.${door.pin_state}`) : "";
  place.append(
    element("div", { className: "grow" }, element("div", { className: "quiet", content: text("door.pin") }), digits,
      element("div", { className: "quiet", content: note }), copied),
    button, copy,
  );
}

// A page served over plain HTTP has no clipboard: there the digits are selected, ready to be copied.
async function copyFrom(digits) {
  try {
    await navigator.clipboard.writeText(digits.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(digits);
    return false;
  }
}

function moveButton(lock, move, className, result) {
  const button = element("button", { className, content: text(`door.${move}`), "data-move": move });
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.classList.add("busy");
    button.textContent = text(`door.busy.${move}`);
    result.textContent = "";
    tell(result, await moveDoor(lock, move));
    refresh();
    button.disabled = false;
    button.classList.remove("busy");
    button.textContent = text(`door.${move}`);
  });
  return button;
}

// One attempt with one id: asking again after a lost answer can never move the door twice. It says
// until when it is wanted, so that a tap held up anywhere on its way opens nothing. After ASKING_LASTS
// the page only asks what became of it: whoever tapped has walked on by then.
async function moveDoor(lock, move) {
  const attempt = newId();
  const pressed = seconds();
  if (!knowsClock()) await refresh();
  const wish = { attempt, move, not_after: onHouseClock(pressed + WISH_LASTS) };
  let known = false;
  while (seconds() < pressed + ANSWER_LASTS) {
    try {
      const answer = known || seconds() > pressed + ASKING_LASTS
        ? await call("GET", `/api/attempts/${attempt}?wait=20`, undefined, ANSWER_PATIENCE)
        : await call("POST", `/api/doors/${lock}/moves`, wish, ASKING_PATIENCE);
      known = true;
      if (answer.outcome !== null) return answer;
    } catch (error) {
      const isUnheardOf = error instanceof Problem && error.code === "unknown_target";
      // Held up so long, it is refused wherever it arrives.
      if (isUnheardOf && seconds() > pressed + WISH_LASTS + 1) return { outcome: "refused", refusal: "too_late" };
      if (!isUnheardOf && error instanceof Problem && error.status < 500) return { outcome: "refused", refusal: error.code };
      await sleep(1000);
    }
  }
  return { outcome: "unknown" };
}

function tell(result, answer) {
  const good = answer.outcome === "opened" || answer.outcome === "locked";
  result.className = `result ${good ? "good" : "bad"}`;
  result.textContent = text(`outcome.${answer.outcome}`, { reason: reason(answer.refusal ?? answer.reason) });
  if (good) setTimeout(() => { result.textContent = ""; }, RESULT_STAYS);
}

function requestCard() {
  const line = element("p");
  const row = element("div", { className: "row" });
  const box = element("article", { className: "card" }, line, row);
  let drawn = null;
  return {
    box,
    update(request) {
      line.textContent = text("request.wants", { name: request.name, things: things(request.wants) });
      const told = request.state + document.documentElement.lang;
      if (told === drawn) return;
      drawn = told;
      row.replaceChildren(...choices(request));
    },
  };
}

function things(wants) {
  const kinds = new Set(wants.map((want) => (want.startsWith("door") ? "door" : "music")));
  return [...kinds].map((kind) => text(`want.${kind}`)).join(", ");
}

function choices(request) {
  const path = `/api/requests/${request.request}/decision`;
  if (request.state === "pending") {
    return [
      element("button", { className: "main", content: text("request.approve"), onClick: () => change("POST", path, { approve: true }) }),
      element("button", { content: text("request.deny"), onClick: () => change("POST", path, { approve: false }) }),
    ];
  }
  const state = element("span", { className: "grow quiet", content: text(`request.${request.state}`) });
  if (request.state !== "approved" || !request.delegation) return [state];
  const gone = `/api/companions/${request.delegation}`;
  return [state, element("button", { content: text("request.remove"), onClick: () => change("DELETE", gone) })];
}

async function change(method, path, body) {
  try {
    await call(method, path, body);
    await refresh();
  } catch (error) {
    show("notice", error instanceof Problem ? reason(error.code) : text("house.away"));
  }
}

function showInvitation(event) {
  const image = document.getElementById("invite-code");
  if (event.target.open) image.src = "/api/join.svg";
  else image.removeAttribute("src");
}
