// Pages of nodes and jobs: seconds that pass, a token's minutes that run out, a log that follows, lists that grow.

function tick() {
  for (const place of document.querySelectorAll("[data-since]")) place.textContent = spent((Date.now() - Date.parse(place.dataset.since)) / 1000);
  for (const place of document.querySelectorAll("[data-until]")) place.textContent = left((Date.parse(place.dataset.until) - Date.now()) / 1000);
}

function spent(seconds) {
  const whole = Math.max(0, seconds);
  return whole < 60 ? `${whole.toFixed(0)} s` : `${Math.floor(whole / 60)} min ${Math.floor(whole % 60)} s`;
}

const left = (seconds) => (seconds > 0 ? `(${spent(seconds)} left)` : "(it has expired: make another)");

tick();
setInterval(tick, 1000);

// A log stays at its end unless its reader has scrolled up; the new piece of the page knows nothing of that.
let atEnd = true;
const log = () => document.querySelector("[data-follows]");
const follow = () => { if (atEnd && log()) log().scrollTop = log().scrollHeight; };

document.addEventListener("scroll", ({ target }) => {
  if (target === log()) atEnd = target.scrollTop + target.clientHeight >= target.scrollHeight - 8;
}, true);
document.addEventListener("htmx:after:swap", () => { follow(); tick(); });
follow();

// Another item of a list, or one less: the server draws the form anew and submits nothing.
document.addEventListener("click", (event) => {
  const press = event.target.closest("#measure [data-press]")?.dataset.press;
  if (!press) return;
  const form = document.getElementById("measure");
  for (const name of ["press", press]) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = "1";
    form.append(input);
  }
  form.requestSubmit();
});
