// What every page does: htmx and its CSRF header, failures said in words, menus, copy buttons, the theme switch.

const csrf = () => document.querySelector('meta[name="csrf-token"]').content;
const unsafe = new Set(["POST", "PUT", "PATCH", "DELETE"]);

// htmx 4 inherits no attribute by itself, so a header on <body> would not reach its children: it is set here, for each request.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (unsafe.has(ctx.request.method)) ctx.request.headers["X-CSRFToken"] = csrf();
  if (ctx.request.method === "GET") dropEmpty(ctx.request.body);
});

function dropEmpty(body) {
  for (const [name, value] of [...(body ?? [])]) if (value === "") body.delete(name);
}

// htmx 4 swaps error pages in. Only a 422 carries a partial that belongs there; anything else is said in a notice.
document.addEventListener("htmx:before:swap", (event) => {
  const status = event.detail.ctx?.response?.status ?? 200;
  if (status < 400 || status === 422) return;
  event.preventDefault();
  notify(explain(status));
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx) notify("The server did not answer. It will be asked again; check that it is still running.");
});

const sayings = new Map([
  [403, "You may not do this in this project, or the page is too old. Reload it and try again."],
  [404, "This is no longer here. Reload the page."],
  [413, "This is too large to send. The limit is 1 MiB."],
  [429, "Too many requests. Wait a little, then try again."],
]);
const explain = (status) => sayings.get(status) ?? `The server could not do this (${status}). Try again; if it stays, tell the operator.`;

export function notify(text) {
  const area = document.getElementById("notices");
  if (!area || [...area.children].some((note) => note.dataset.text === text)) return;
  const note = document.createElement("div");
  note.className = "note bad";
  note.dataset.text = text;
  note.textContent = text;
  area.append(note);
  setTimeout(() => note.remove(), 8000);
}

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.theme) chooseTheme(button.dataset.theme);
  if (button.dataset.copy) copy(button);
  if (button.dataset.opens) document.getElementById(button.dataset.opens)?.showModal();
  if (button.dataset.print !== undefined) window.print();
});

function closeMenus(target) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

function chooseTheme(choice) {
  window.isoflopTheme.choose(choice);
  markTheme();
}

function markTheme() {
  const current = window.isoflopTheme.current();
  for (const button of document.querySelectorAll("button[data-theme]")) button.setAttribute("aria-pressed", String(button.dataset.theme === current));
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.textContent;
  await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1500);
}

// data-confirm asks before a form that destroys something is sent.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
}, true);

// A select with data-autosubmit sends its form; its form keeps a button for those without script.
document.addEventListener("change", (event) => {
  if (event.target.dataset.autosubmit !== undefined) event.target.form.requestSubmit();
});

markTheme();
