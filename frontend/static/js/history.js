// Picking plans to compare. The picks stand in the address (picked=a,b), so they outlive paging, filters and a shared link.

const form = () => document.getElementById("compare");
const field = () => hidden(form());
const hidden = (owner) => owner.querySelector("input[type=hidden]");
const chosen = () => new Set(field().value.split(",").filter(Boolean));

document.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-rows] input[type=checkbox]")) return;
  const all = chosen();
  if (target.checked) all.add(target.value);
  else all.delete(target.value);
  show(all);
});

document.getElementById("unpick").addEventListener("click", () => show(new Set()));

function show(all) {
  const value = [...all].join(",");
  hidden(form()).value = value;
  hidden(document.getElementById("filters")).value = value;
  document.getElementById("picked").textContent = all.size;
  document.querySelector("[data-go=compare-selected]").disabled = all.size < 2;
  document.getElementById("unpick").hidden = all.size === 0;
  history.replaceState(history.state, "", withPicks(location.href, value));
  mark(all);
}

function mark(all) {
  for (const box of document.querySelectorAll("[data-rows] input[type=checkbox]")) {
    box.checked = all.has(box.value);
    box.closest("tr").classList.toggle("sel", box.checked);
  }
  for (const link of document.querySelectorAll("a[data-picks]")) link.href = withPicks(link.href, [...all].join(","));
}

function withPicks(address, value) {
  const url = new URL(address);
  if (value) url.searchParams.set("picked", value);
  else url.searchParams.delete("picked");
  return url;
}

// A ticked box would send its id a second time beside the hidden field, which already holds every pick.
form().addEventListener("formdata", (event) => event.formData.set("runs", field().value));

// The list asks for itself again while something is under way: at the address as it is now, and keeping the row in hand.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.dataset.here !== undefined) ctx.request.action = location.pathname + location.search;
});
document.addEventListener("htmx:after:swap", () => mark(chosen()));
// An answer puts the address it was asked for into the bar. Picks may have changed since: they stay as they are now.
document.addEventListener("htmx:after:history:update", () => history.replaceState(history.state, "", withPicks(location.href, field().value)));
