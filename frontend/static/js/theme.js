// Theme before first paint: a small blocking file in <head>, since the policy allows no inline script.
(() => {
  const root = document.documentElement;
  const known = new Set(["light", "dark"]);

  function stored() {
    try { return localStorage.getItem("theme"); } catch { return null; }
  }

  function show(choice) {
    if (known.has(choice)) root.dataset.theme = choice;
    else delete root.dataset.theme;
  }

  function choose(choice) {
    try { localStorage.setItem("theme", choice); } catch { /* private mode: this page only */ }
    show(choice);
    document.dispatchEvent(new CustomEvent("theme:change"));
  }

  show(stored());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("theme:change")));
  window.addEventListener("storage", (event) => {
    if (event.key !== "theme") return;
    show(event.newValue);
    document.dispatchEvent(new CustomEvent("theme:change"));
  });
  const current = () => (known.has(stored()) ? stored() : "system");
  const effective = () => root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  window.isoflopTheme = { choose, current, effective };
})();
