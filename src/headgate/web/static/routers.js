// Moves a router's operating point without loading the page again: the server answers every change.
document.documentElement.classList.add("scripted");
const forms = [...document.querySelectorAll("form.operating")];
let asking = null;

/** The whole page's state: what the URL has besides, and each threshold that differs from its own. */
function state() {
  const kept = new URLSearchParams(location.search);
  for (const form of forms) {
    const field = form.elements[form.dataset.name];
    const value = field.value.trim();
    if (value && value !== field.dataset.held) kept.set(field.name, value);
    else kept.delete(field.name);
  }
  return kept;
}

async function ask(form) {
  asking?.abort();
  const mine = (asking = new AbortController());
  const kept = state();
  const shown = kept.toString();
  kept.set("part", form.dataset.name);
  try {
    const response = await fetch(`/routers?${kept}`, {
      headers: { "x-headgate-fragment": "1" },
      signal: mine.signal,
    });
    if (response.status === 401) return location.reload();
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (mine !== asking) return;
    document.getElementById(form.dataset.answer).replaceChildren(...fresh.body.childNodes);
    history.replaceState(null, "", shown ? `/routers?${shown}` : "/routers");
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

for (const form of forms) {
  const slider = form.querySelector("input[type=range]");
  const field = form.elements[form.dataset.name];
  const stops = slider.dataset.stops.split(" ");
  const follow = () => {
    const number = Number.parseFloat(field.value);
    const away = stops.map((stop) => Math.abs(Number.parseFloat(stop) - number));
    const place = away.indexOf(Math.min(...away));
    if (place >= 0) slider.value = place;
    slider.setAttribute("aria-valuetext", field.value);
  };
  follow();
  slider.hidden = false;
  slider.addEventListener("input", () => {
    field.value = stops[slider.value];
    slider.setAttribute("aria-valuetext", field.value);
    ask(form);
  });
  field.addEventListener("input", () => {
    follow();
    ask(form);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
}
