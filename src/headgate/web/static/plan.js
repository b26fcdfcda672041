// The calculator without loading the page again: the server answers every change, nothing is computed here.
const form = document.getElementById("plan");
const answer = document.getElementById("answer");
document.documentElement.classList.add("scripted");

let asking = null;
let waiting = false;

/** The form as a query: only what differs from what the fields hold by themselves. */
function query() {
  const kept = new URLSearchParams();
  for (const field of form.elements) {
    if (!field.name) continue;
    const held = field.dataset.held;
    const value = field.value.trim();
    if (held === undefined ? value : value && value !== held) kept.set(field.name, value);
  }
  const text = kept.toString();
  return text ? `?${text}` : "";
}

async function ask() {
  waiting = false;
  asking?.abort();
  const mine = (asking = new AbortController());
  const search = query();
  try {
    const response = await fetch(`/plan${search}`, {
      headers: { "x-headgate-fragment": "1" },
      signal: mine.signal,
    });
    if (response.status === 401) return location.reload();
    const text = await response.text();
    if (mine !== asking) return;
    show(text);
    history.replaceState(null, "", `/plan${search}`);
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const note of form.querySelectorAll(".wrong")) note.remove();
    for (const { dataset } of answer.querySelectorAll("[data-field]")) {
      form.elements[dataset.field]?.setAttribute("aria-invalid", "true");
    }
    answer.dataset.answered = search;
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  swap(answer, fresh.body);
}

/** Put into `shown` what differs in `fresh`, and leave the rest alone: it is neither laid out nor painted anew. */
function swap(shown, fresh) {
  const before = [...shown.childNodes];
  const after = [...fresh.childNodes];
  if (before.length !== after.length) return shown.replaceChildren(...after);
  before.forEach((node, place) => {
    const other = after[place];
    if (node.isEqualNode(other)) return;
    if (alike(node, other)) swap(node, other);
    else node.replaceWith(other);
  });
}

/** Whether only what is inside can differ; charts and tables are taken whole, opened details stay open. */
function alike(node, other) {
  if (node.nodeType !== 1 || node.nodeName !== other.nodeName || /^(svg|table)$/i.test(node.nodeName)) return false;
  if (node.nodeName === "DETAILS") return true;
  const held = [...node.attributes];
  return held.length === other.attributes.length && held.every(({ name, value }) => other.getAttribute(name) === value);
}

/** At most one question for each picture that the screen shows. */
function soon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(ask);
}

for (const slider of form.querySelectorAll("input[type=range]")) {
  const field = document.getElementById(slider.dataset.for);
  const stops = slider.dataset.stops.split(" ");
  const follow = () => {
    const plain = field.value.replaceAll(",", "").replaceAll(" ", "");
    const place = stops.indexOf(plain);
    const number = Number.parseFloat(plain);
    const after = stops.findIndex((stop) => Number.parseFloat(stop) >= number);
    slider.value = place >= 0 ? place : after >= 0 ? after : stops.length - 1;
    slider.setAttribute("aria-valuetext", field.value);
  };
  follow();
  slider.hidden = false;
  slider.addEventListener("input", () => {
    field.value = stops[slider.value];
    slider.setAttribute("aria-valuetext", field.value);
  });
  field.addEventListener("input", follow);
}

let looking = null;
for (const field of form.querySelectorAll("[list=models]")) {
  field.addEventListener("input", async () => {
    looking?.abort();
    const mine = (looking = new AbortController());
    try {
      const response = await fetch(`/plan/models?q=${encodeURIComponent(field.value)}`, { signal: mine.signal });
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      if (mine === looking) document.getElementById("models").replaceChildren(...fresh.querySelectorAll("option"));
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  });
}

form.addEventListener("input", (event) => {
  // half a model's name is no model: it is asked when the field is left or an option chosen
  if (event.target.list && !event.inputType?.startsWith("insertReplacement") && event.inputType) return;
  soon();
});
form.addEventListener("change", soon);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
