// Keeps a page up to date while somebody looks at it, and draws dense series where they can be read by
// the hour. The server made every number: nothing is computed here.
const live = document.getElementById("live");
const SHAPES = { "%": (values) => values.map((value) => percent.format(value)), $: (values) => values.map((value) => dollars.format(value)) };
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });

function draw() {
  if (!window.uPlot) return;
  const style = getComputedStyle(document.documentElement);
  const ink = (name) => style.getPropertyValue(name).trim();
  for (const series of live.querySelectorAll(".series")) {
    const names = series.dataset.names.split("|");
    const colours = series.dataset.colours.split("|");
    const shape = SHAPES[series.dataset.unit];
    const figure = series.querySelector("figure");
    const axis = { stroke: ink("--soft"), grid: { stroke: ink("--rule"), width: 1 }, ticks: { show: false } };
    const place = document.createElement("div");
    place.setAttribute("aria-hidden", "true");
    figure.insertBefore(place, figure.querySelector("figcaption"));
    new window.uPlot(
      {
        width: figure.clientWidth,
        height: 260,
        tzDate: (seconds) => window.uPlot.tzDate(new Date(Number(`${seconds}e3`)), "Etc/UTC"),
        scales: { y: { range: { min: { pad: 0, soft: 0, mode: 1 }, max: { pad: 0.1, soft: 0, mode: 2 } } } },
        axes: [axis, { ...axis, size: 64, values: (_, values) => shape(values) }],
        series: [
          { label: "UTC" },
          ...names.map((name, place) => ({
            label: name,
            stroke: ink(`--c${colours[place]}`),
            width: 2,
            dash: name === "budget" ? [6, 4] : undefined,
            points: { show: false },
            value: (_, value) => (value == null ? "–" : shape([value])[0]),
          })),
        ],
      },
      JSON.parse(series.dataset.series),
      place,
    );
    series.classList.add("drawn");
  }
}

async function look() {
  if (document.hidden || live.contains(document.activeElement)) return;
  try {
    const response = await fetch(location.href, { headers: { "x-headgate-fragment": "1" } });
    if (response.status === 401) return location.reload();
    if (!response.ok) return;
    const text = await response.text();
    if (text.trim() === before) return;
    before = text.trim();
    const open = [...live.querySelectorAll("details")].map((details) => details.open);
    const fresh = new DOMParser().parseFromString(text, "text/html");
    live.replaceChildren(...fresh.body.childNodes);
    [...live.querySelectorAll("details")].forEach((details, place) => {
      if (open[place]) details.open = true;
    });
    draw();
  } catch {
    // the server is away: the next look tells
  }
}

let before = "";
draw();
setInterval(look, Number(live.dataset.every));
