// What plays, how loud, and what could play next?

import { call, element, Problem, reason, show, text } from "/static/common.js";

const PAGE = 20;
const KINDS = ["album", "artist", "playlist", "track"];
let rights = [];
let isHere = true;
let listed = 0;

export function startMusic() {
  document.getElementById("music-search").addEventListener("submit", search);
}

// `players`: what this person may do, from the stay. Live states are asked for once and after each command.
export function drawMusic(players) {
  const changed = JSON.stringify(players) !== JSON.stringify(rights);
  rights = players;
  document.getElementById("music").hidden = players.length === 0;
  if (players.length === 0) forget();
  else if (changed) refresh();
}

function forget() {
  document.getElementById("music-search").hidden = true;
  document.getElementById("music-found").replaceChildren();
  document.querySelector("#music .cards").replaceChildren();
}

async function refresh() {
  const heard = await attempt(() => call("GET", "/api/players"));
  if (heard === undefined) return;
  isHere = heard.is_here;
  show("music-notice", isHere ? "" : text("music.none"));
  drawSearch(heard.players);
  const open = new Set(Array.from(document.querySelectorAll("#music details[open]"), (each) => each.dataset.player));
  const cards = heard.players.map((each) =>
    card(each, rights.find((right) => right.player === each.player), open.has(each.player)));
  document.querySelector("#music .cards").replaceChildren(...cards);
}

// Where what is found will play, and the shelves to look through.
function drawSearch(players) {
  const may = rights.filter((each) => each.may_queue);
  document.getElementById("music-search").hidden = !isHere || may.length === 0;
  const where = document.getElementById("music-where");
  const names = may.map((each) => players.find((player) => player.player === each.player)?.name ?? each.name);
  const chosen = where.value;
  where.replaceChildren(...may.map((each, at) => element("option", { value: each.player, content: names[at] })));
  if (may.some((each) => each.player === chosen)) where.value = chosen;
  where.parentElement.hidden = may.length < 2;
  const shelves = KINDS.map((kind) => element("button", {
    type: "button", content: text(`music.kind.${kind}`), onClick: () => browse(kind, 0),
  }));
  document.getElementById("music-shelves").replaceChildren(...shelves);
}

function card(player, may, isOpen) {
  const playing = [player.title, player.artist].filter(Boolean).join(" · ");
  const box = element("article", { className: "card" },
    element("h3", { content: player.name }),
    element("p", { className: "quiet", content: [text(`music.${player.state}`), playing].filter(Boolean).join(": ") }));
  if (!isHere || !may || player.state === "not_connected") return box;
  if (may.may_control) box.append(controls(player));
  if (may.may_set_volume && player.volume !== null) box.append(volume(player));
  box.append(queue(player, isOpen));
  return box;
}

function controls(player) {
  const main = player.state === "playing" ? "pause" : "play";
  const row = element("div", { className: "row" });
  for (const command of ["previous", main, "next", "stop"]) {
    row.append(element("button", {
      className: command === main ? "main" : "", content: text(`music.${command}`),
      onClick: () => command_(player.player, "transport", { command }),
    }));
  }
  return row;
}

// The house holds the volume to its ceiling whatever is asked for; the page says why it went back.
function volume(player) {
  const most = player.ceiling ?? 100;
  const slider = element("input", { type: "range", min: "0", max: "100", step: "1", value: String(player.volume) });
  const note = element("p", { className: "quiet", role: "status", content: most < 100 ? text("music.ceiling", { percent: most }) : "" });
  slider.addEventListener("change", () => {
    const wanted = Number(slider.value);
    if (wanted > most) {
      slider.value = String(most);
      note.textContent = text("music.held", { percent: most });
    }
    command_(player.player, "volume", { percent: Math.min(wanted, most) }, wanted > most ? null : refresh);
  });
  return element("div", {},
    element("label", {}, element("span", { className: "quiet", content: text("music.volume") }), slider), note);
}

function queue(player, isOpen) {
  const list = element("ul");
  const box = element("details", { "data-player": player.player }, element("summary", { content: text("music.queue") }), list);
  box.addEventListener("toggle", () => {
    if (box.open) drawQueue(player.player, list);
  });
  box.open = isOpen;
  return box;
}

async function drawQueue(player, list) {
  const heard = await attempt(() => call("GET", `/api/players/${player}/queue?limit=${PAGE}`));
  if (heard === undefined) return;
  list.replaceChildren(...heard.media.map((item) => element("li", { className: item.current ? "row now" : "row" }, named(item))));
  if (heard.media.length === 0) list.append(element("li", { className: "quiet", content: text("music.queue.empty") }));
}

async function command_(player, what, body, after = refresh) {
  const done = await attempt(() => call("POST", `/api/players/${player}/${what}`, body));
  if (done !== undefined && after) setTimeout(after, 700);
}

async function search(event) {
  event.preventDefault();
  const query = new FormData(event.target).get("query").trim();
  if (!query) return;
  const found = await attempt(() => call("GET", `/api/music/search?limit=10&query=${encodeURIComponent(query)}`));
  if (found !== undefined) fill(found.media, 0);
}

async function browse(kind, offset) {
  const found = await attempt(() => call("GET", `/api/music/library?kind=${kind}&limit=${PAGE}&offset=${offset}`));
  if (found === undefined) return;
  fill(found.media, offset);
  if (found.media.length < PAGE) return;
  const more = element("button", { className: "plain", content: text("music.more"), onClick: () => browse(kind, listed) });
  document.getElementById("music-found").append(element("li", { className: "more" }, more));
}

function fill(media, offset) {
  const list = document.getElementById("music-found");
  if (offset === 0) list.replaceChildren();
  list.querySelector(".more")?.remove();
  list.append(...media.map(entry));
  listed = offset + media.length;
  if (listed === 0) list.append(element("li", { className: "quiet", content: text("music.nothing") }));
}

function entry(item) {
  const play = (option) => command_(document.getElementById("music-where").value, "media",
    { uri: item.uri, media_type: item.media_type, option });
  return element("li", { className: "row" }, named(item),
    element("button", { className: "main", content: text("music.play"), onClick: () => play("play") }),
    element("button", { content: text("music.add"), onClick: () => play("add") }));
}

function named(item) {
  const marks = [
    item.current ? text("music.now") : "",
    item.yours ? text("music.yours") : "",
    item.explicit ? text("music.explicit") : "",
  ].filter(Boolean);
  return element("span", { className: "grow" },
    element("span", { content: [item.name, item.artist].filter(Boolean).join(" · ") }),
    ...marks.map((mark) => element("small", { className: "mark", content: mark })));
}

async function attempt(work) {
  try {
    const answer = await work();
    show("music-notice", isHere ? "" : text("music.none"));
    return answer;
  } catch (error) {
    const why = error instanceof Problem ? reason(error.code) : text("house.away");
    show("music-notice", text("music.failed", { reason: why }));
    return undefined;
  }
}
