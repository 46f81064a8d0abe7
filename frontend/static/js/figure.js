// Figures: <figure data-figure="URL"><div class="plot"></div></figure>.
// Plotly is loaded once, when the first figure comes near the view. The figure is fetched as JSON in the theme of the page
// (?theme=light|dark) and again when the theme changes. After each drawing the <figure> gets the event "figure:drawn"
// with detail {Plotly, plot}; pages listen to that for clicks on points.

const config = {
  displaylogo: false,
  showSendToCloud: false,
  showEditInChartStudio: false,
  responsive: true,
  displayModeBar: false,
};
const seen = new Set();
let loading = null;

function plotly() {
  loading ??= new Promise((resolve, reject) => {
    styledHere();
    const script = document.createElement("script");
    script.src = document.querySelector('meta[name="plotly"]').content;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => { loading = null; reject(new Error("the chart library did not load")); };
    document.head.append(script);
  });
  return loading;
}

// Plotly would append a <style>, which the content policy refuses; it does not where it finds this. The rules are in plotly.css.
function styledHere() {
  const mark = document.createElement("meta");
  mark.id = "plotly.js-style-global";
  mark.className = "no-inline-styles";
  document.head.append(mark);
}

function address(figure) {
  const url = new URL(figure.dataset.figure, location.href);
  url.searchParams.set("theme", window.isoflopTheme.effective());
  return url;
}

async function fetched(figure) {
  const answer = await fetch(address(figure), { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

async function draw(figure) {
  const plot = figure.querySelector(".plot");
  figure.setAttribute("aria-busy", "true");
  try {
    const [Plotly, { data, layout }] = await Promise.all([plotly(), fetched(figure)]);
    if (!plot.classList.contains("js-plotly-plot")) plot.replaceChildren();
    await Plotly.react(plot, data, { autosize: true, ...layout }, config);
    figure.dispatchEvent(new CustomEvent("figure:drawn", { bubbles: true, detail: { Plotly, plot } }));
  } catch (error) {
    plot.textContent = `The chart could not be drawn: ${error.message}. The table holds the same numbers.`;
    plot.classList.add("muted");
  } finally {
    figure.removeAttribute("aria-busy");
  }
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    draw(target);
  }
}, { rootMargin: "200px" });

function find() {
  for (const figure of document.querySelectorAll("[data-figure]")) {
    if (seen.has(figure)) continue;
    seen.add(figure);
    near.observe(figure);
  }
}

document.addEventListener("theme:change", () => {
  for (const figure of seen) {
    if (!figure.isConnected) seen.delete(figure);
    else if (figure.querySelector(".js-plotly-plot")) draw(figure);
  }
});
document.addEventListener("htmx:after:swap", find);
find();
