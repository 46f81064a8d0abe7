// Figures: <figure data-figure="URL"><div class="plot"></div></figure>.
// Plotly is loaded once, when the first figure comes near the view; the figure is fetched as JSON. Colours and fonts in it are
// names of tokens ("var(--fig-compute)"), put in here, so one document serves both themes. When drawn, the <figure> gets
// the event "figure:drawn" with detail {Plotly, plot, document}; pages listen to that for clicks on points.

const config = {
  displaylogo: false,
  showSendToCloud: false,
  showEditInChartStudio: false,
  responsive: true,
  modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
};
const drawn = new Map();
const plotlyUrl = () => document.querySelector('meta[name="plotly"]').content;
let loading = null;

function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = plotlyUrl();
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => { loading = null; reject(new Error("the chart library did not load")); };
    document.head.append(script);
  });
  return loading;
}

function themed(value, tokens) {
  if (typeof value === "string") return value.replace(/^var\((--[\w-]+)\)$/, (_, name) => tokens.getPropertyValue(name).trim());
  if (Array.isArray(value)) return value.map((item) => themed(item, tokens));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, themed(item, tokens)]));
  return value;
}

async function draw(figure) {
  const plot = figure.querySelector(".plot");
  try {
    const [Plotly, answer] = await Promise.all([plotly(), fetch(figure.dataset.figure, { headers: { Accept: "application/json" } })]);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const document_ = await answer.json();
    plot.replaceChildren();
    drawn.set(figure, { Plotly, plot, document: document_ });
    await paint(figure);
    announce(figure);
  } catch (error) {
    plot.textContent = `The chart could not be drawn: ${error.message}. The table below holds the same numbers.`;
    plot.classList.add("muted");
  } finally {
    figure.removeAttribute("aria-busy");
  }
}

const announce = (figure) => figure.dispatchEvent(new CustomEvent("figure:drawn", { bubbles: true, detail: drawn.get(figure) }));

function paint(figure) {
  const { Plotly, plot, document: { data, layout } } = drawn.get(figure);
  const tokens = getComputedStyle(document.documentElement);
  return Plotly.react(plot, themed(data, tokens), { autosize: true, ...themed(layout, tokens) }, config);
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    draw(target);
  }
}, { rootMargin: "200px" });

function find(root) {
  for (const figure of root.querySelectorAll("[data-figure]:not([aria-busy]):not([data-seen])")) {
    figure.dataset.seen = "";
    figure.setAttribute("aria-busy", "true");
    near.observe(figure);
  }
}

document.addEventListener("theme:change", () => {
  for (const figure of [...drawn.keys()]) {
    if (figure.isConnected) paint(figure).then(() => announce(figure));
    else drawn.delete(figure);
  }
});
document.addEventListener("htmx:after:swap", () => find(document));
find(document);
