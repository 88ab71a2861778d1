// What shall hang on the wall, and how does it get onto paper?

import { call, element, fetchFile, loadTexts, Problem, reason, show, text } from "/static/common.js";

const form = document.getElementById("wanted");
let drawing = "";

await loadTexts();
form.addEventListener("submit", draw);
document.getElementById("print").addEventListener("click", () => print());
document.getElementById("svg").addEventListener("click", () => save(new Blob([drawing], { type: "image/svg+xml" }), "svg"));
document.getElementById("png").addEventListener("click", () => told(async () => save(await fetchFile("/api/sign", wish("png")), "png")));
await start();

async function start() {
  await told(async () => {
    const { addresses } = await call("GET", "/api/sign");
    const options = (first) => [...first, ...addresses.map((each) => element("option", { value: each, content: each }))];
    form.elements.address.replaceChildren(...options([]));
    form.elements.second.replaceChildren(...options([element("option", { value: "", content: "—" })]));
    form.elements.second.value = addresses[1] ?? "";
    form.hidden = false;
  });
}

function wish(kind) {
  const { address, second, en, es, wifi, password } = form.elements;
  const addresses = [...new Set([address.value, second.value].filter(Boolean))];
  const languages = [en.checked && "en", es.checked && "es"].filter(Boolean);
  const network = wifi.value ? { name: wifi.value, password: password.value } : null;
  return { kind, addresses, languages, wifi: network };
}

async function draw(event) {
  event.preventDefault();
  await told(async () => {
    drawing = await (await fetchFile("/api/sign", wish("svg"))).text();
    const page = new DOMParser().parseFromString(drawing, "image/svg+xml").documentElement;
    document.getElementById("drawn").replaceChildren(document.importNode(page, true));
    document.getElementById("take").hidden = false;
  });
}

async function told(work) {
  try {
    await work();
    show("notice", "");
  } catch (error) {
    const isStranger = error instanceof Problem && (error.status === 401 || error.code === "no_such_right");
    const why = error instanceof Problem ? reason(error.code) : text("house.away");
    show("notice", isStranger ? text("sign.staff_only") : why);
  }
}

function save(blob, kind) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: `portero-sign.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
