// Keeps a page up to date while somebody looks at it, and draws dense series where they can be read by
// the hour. The server made every number: nothing is computed here.
const live = document.getElementById("live");
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const usd = { style: "currency", currency: "USD", minimumFractionDigits: 2 };
const dollars = new Intl.NumberFormat("en", { ...usd, maximumFractionDigits: 4 });
const ticks = new Intl.NumberFormat("en", { ...usd, maximumFractionDigits: 6, trailingZeroDisplay: "stripIfInteger" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const SHAPES = { "%": (value) => percent.format(value).replace("%", "\u00a0%"), $: (value) => dollars.format(value) };
const TICKS = { ...SHAPES, $: (value) => ticks.format(value) };
const moment = (seconds) => new Date(Number(`${seconds}e3`));
const dark = matchMedia("(prefers-color-scheme: dark)");
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) target.plot.setSize({ width: target.clientWidth, height: 260 });
});

/** What is pointed out, as an upright line with its label. */
function points(marks, ink) {
  return (plot) => {
    const { ctx, bbox } = plot;
    for (const [seconds, label] of marks) {
      const x = plot.valToPos(seconds, "x", true);
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = ink("--ink");
      ctx.setLineDash([6, 6]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const late = x > bbox.left + bbox.width / 2;
      ctx.textAlign = late ? "right" : "left";
      ctx.textBaseline = "bottom";
      ctx.fillText(`\u2002${label}\u2002`, x, bbox.top + bbox.height);
      ctx.restore();
    }
  };
}

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
    place.plot = new window.uPlot(
      {
        width: figure.clientWidth,
        height: 260,
        tzDate: (seconds) => window.uPlot.tzDate(moment(seconds), "Etc/UTC"),
        scales: { y: { range: { min: { pad: 0, soft: 0, mode: 1 }, max: { pad: 0.1, soft: 0, mode: 2 } } } },
        axes: [
          {
            ...axis,
            size: 30,
            // midnight is its day
            values: (_, values) =>
              values.map(moment).map((at) => (hour.format(at) === "00:00" ? day.format(at) : hour.format(at))),
          },
          { ...axis, size: 72, values: (_, values) => values.map(TICKS[series.dataset.unit]) },
        ],
        series: [
          { label: "UTC", value: (_, value) => (value == null ? "" : `${day.format(moment(value))}, ${hour.format(moment(value))}`) },
          ...names.map((name, place) => ({
            label: name,
            stroke: ink(`--c${colours[place]}`),
            width: 2,
            dash: name === "budget" ? [6, 4] : undefined,
            points: { show: false },
            value: (_, value) => (value == null ? "" : shape(value)),
          })),
        ],
        hooks: { draw: [points(JSON.parse(series.dataset.marks), ink)] },
      },
      JSON.parse(series.dataset.series),
      place,
    );
    sizes.observe(place);
    series.classList.add("drawn");
  }
}

/** In other colours: what was drawn is drawn again. */
function redraw() {
  for (const plot of live.querySelectorAll(".uplot")) {
    sizes.unobserve(plot.parentElement);
    plot.parentElement.remove();
  }
  draw();
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
    const soon = awaited();
    const open = [...live.querySelectorAll("details")].map((details) => details.open);
    const fresh = new DOMParser().parseFromString(text, "text/html");
    live.replaceChildren(...fresh.body.childNodes);
    [...live.querySelectorAll("details")].forEach((details, place) => {
      if (open[place]) details.open = true;
    });
    // what it can be narrowed to is beyond this part of the page
    if (soon && !awaited()) return location.reload();
    draw();
  } catch {
    // the server is away: the next look tells
  }
}

/** The server is still adding up what is to be shown. */
function awaited() {
  return live.querySelector("[data-soon]") !== null;
}

async function lookAgain() {
  await look();
  setTimeout(lookAgain, awaited() ? 1000 : Number(live.dataset.every));
}

let before = "";
draw();
dark.addEventListener("change", redraw);
setTimeout(lookAgain, awaited() ? 1000 : Number(live.dataset.every));
