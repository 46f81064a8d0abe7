// The run page: seconds that pass, and the frontier that one picks from by click, by arrow keys or from its table.

function tick() {
  for (const place of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, (Date.now() - Date.parse(place.dataset.since)) / 1000);
    place.textContent = seconds < 60 ? `${seconds.toFixed(0)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  }
}
tick();
setInterval(tick, 1000);

const frontier = () => document.getElementById("frontier-figure");
let drawn = null;

document.addEventListener("figure:drawn", ({ target, detail }) => {
  if (target !== frontier()) return;
  const first = drawn?.plot !== detail.plot;
  drawn = detail;
  if (first) {
    detail.plot.on("plotly_click", ({ points }) => { if (points[0].customdata) pick(points[0].customdata[0]); });
    target.tabIndex = 0;
    // A chart that is drawn on a logarithmic axis has no linear one to go back to.
    document.querySelector("[data-toggle=log]").closest("label").hidden = detail.plot.layout.xaxis.type === "log";
  }
  applyToggles();
  ring();
});

async function pick(key) {
  const address = frontier().dataset.picks.replace("KEY", encodeURIComponent(key));
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  document.getElementById("pick").innerHTML = await answer.text();
  markRows(key);
  ring();
  const here = new URL(location.href);
  if (key === "plan") here.searchParams.delete("pick"); else here.searchParams.set("pick", key);
  history.replaceState(history.state, "", here);
}

function markRows(key) {
  for (const row of document.querySelectorAll("#frontier-table tr[data-key]")) row.classList.toggle("sel", row.dataset.key === key);
}

// The last trace of the figure is an empty ring, put where the picked plan lies.
function ring() {
  const place = document.querySelector("#pick [data-x]");
  if (!drawn || !place) return;
  const { Plotly, plot } = drawn;
  Plotly.restyle(plot, { x: [[Number(place.dataset.x)]], y: [[Number(place.dataset.y)]] }, [plot.data.length - 1]);
}

function applyToggles() {
  const beaten = document.querySelector("[data-toggle=beaten]");
  const log = document.querySelector("[data-toggle=log]");
  const { Plotly, plot } = drawn;
  if (beaten && !beaten.checked) Plotly.restyle(plot, { visible: false }, [0]);
  if (log.checked) Plotly.relayout(plot, axes("log"));
}

const axes = (type) => ({ "xaxis.type": type, "yaxis.type": type, "xaxis.autorange": true, "yaxis.autorange": true });

document.addEventListener("change", ({ target }) => {
  if (!drawn || !target.dataset.toggle) return;
  const { Plotly, plot } = drawn;
  if (target.dataset.toggle === "beaten") Plotly.restyle(plot, { visible: target.checked }, [0]);
  if (target.dataset.toggle === "log") Plotly.relayout(plot, axes(target.checked ? "log" : "linear"));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-pick]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  pick(link.dataset.pick);
  const { bottom, top } = frontier().getBoundingClientRect();
  if (bottom < 0 || top > innerHeight) document.getElementById("frontier").scrollIntoView({ block: "start", behavior: "smooth" });
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || event.target !== frontier()) return;
  event.preventDefault();
  const keys = [...document.querySelectorAll("#frontier-table tr[data-key]")].map((row) => row.dataset.key);
  const at = keys.indexOf(document.querySelector("#frontier-table tr.sel")?.dataset.key);
  pick(keys[Math.min(Math.max(at + step, 0), keys.length - 1)]);
});
