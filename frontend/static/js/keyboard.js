// Keys: / search, n new plan, ? help, g then p/c/n/k go; in a list j and k move, x picks, c compares, Enter opens.

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
const press = (selector) => document.querySelector(selector)?.click();
let pending = "";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) && event.target.type !== "checkbox") {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const act = pending === "g" ? goTo[event.key] : keys[event.key];
  pending = event.key === "g" && pending !== "g" ? "g" : "";
  if (!act) return;
  event.preventDefault();
  act();
});

const goTo = {
  p: () => press("[data-go=plans]"),
  c: () => press("[data-go=compare]"),
  k: () => press("[data-go=catalogue]"),
  n: () => press("[data-go=nodes]"),
};

const keys = {
  "/": focusSearch,
  "n": () => press("[data-go=new]"),
  "?": () => document.getElementById("help")?.showModal(),
  "j": () => move(+1),
  "k": () => move(-1),
  "x": () => current()?.querySelector("input[type=checkbox]")?.click(),
  "c": () => press("[data-go=compare-selected]:not(:disabled)"),
  "o": () => current()?.querySelector("a[href]")?.click(),
};

function focusSearch() {
  const field = [...document.querySelectorAll("[data-search]")].find((input) => input.offsetParent !== null);
  field?.focus();
  field?.select();
}

const rows = () => [...document.querySelectorAll("[data-rows] > tr")];
const current = () => document.querySelector("[data-rows] > tr.cursor");

function move(step) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.indexOf(current());
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  current()?.classList.remove("cursor");
  next.classList.add("cursor");
  next.querySelector("a[href]")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}
