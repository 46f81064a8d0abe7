// The new-plan page: form and YAML follow each other through the server, which alone judges the spec.

const plan = document.getElementById("plan");
const fields = document.getElementById("fields");
const editor = document.getElementById("text");
const gutter = document.querySelector(".gutter");
const base = document.getElementById("base");
const verdict = document.getElementById("verdict");
const marks = document.getElementById("text-problems");

const WAIT_MS = 250;
let timer = 0;
let asked = null;
let changed = "text";

function schedule(what, wait = WAIT_MS) {
  if (timer && changed !== what) { clearTimeout(timer); check().then(() => schedule(what, wait)); return; }
  changed = what;
  clearTimeout(timer);
  timer = setTimeout(check, wait);
}

async function check() {
  timer = 0;
  asked?.abort();
  const mine = asked = new AbortController();
  const body = new FormData(plan);
  body.set("changed", changed);
  plan.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(plan.dataset.check, { method: "POST", body, signal: mine.signal, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json(), body.get("changed"));
  } catch (error) {
    if (error.name !== "AbortError") say("The spec could not be checked: the server did not answer. It is checked again when you change it or submit.");
  } finally {
    if (asked === mine) plan.removeAttribute("aria-busy");
  }
}

function show(found, by) {
  if (by === "form" && found.readable) setText(found.text);
  if (by === "text" && editor.value.replaceAll("\r\n", "\n") !== found.text) return;
  base.value = found.base;
  plan.elements.kind.value = found.kind;
  fields.disabled = !found.readable;
  if (found.form !== null) replace(fields, found.form);
  else for (const [id, html] of Object.entries(found.tables)) replaceTable(document.getElementById(id), html);
  plan.elements.shape.value = found.shape;
  showProblems(found.problems);
  const fresh = plan.elements.fresh?.checked;
  verdict.innerHTML = found.verdict;
  if (fresh && plan.elements.fresh) plan.elements.fresh.checked = true;
  nameButton();
}

// The button says what a press will do: an answer that is there already is opened, unless a fresh one is wanted.
function nameButton() {
  const fresh = plan.elements.fresh;
  const says = document.getElementById("solve-says");
  if (says) says.textContent = fresh && !fresh.checked ? "Open the answer" : "Find the plan";
}
verdict.addEventListener("change", nameButton);

function say(text) {
  const line = document.createElement("p");
  line.className = "verdict bad";
  line.textContent = text;
  verdict.replaceChildren(line);
}

// A new form, or what a table was taken for, keeps what is open and where the reader is.
function replace(part, html) {
  const open = new Set([...part.querySelectorAll("details[open][data-keep]")].map((details) => details.dataset.keep));
  const here = part.contains(document.activeElement) ? document.activeElement : null;
  const place = here && { name: here.name, value: here.type === "checkbox" ? here.value : null, at: here.selectionStart };
  part.innerHTML = html;
  for (const details of part.querySelectorAll("details[data-keep]")) details.open ||= open.has(details.dataset.keep);
  if (place) focusAgain(place);
}

// A table that says the same is left alone: a list that is open stays open.
const tables = new WeakMap();
function replaceTable(part, html) {
  if (!part || tables.get(part) === html) return;
  tables.set(part, html);
  replace(part, html);
}

function focusAgain({ name, value, at }) {
  const next = [...fields.elements].find((input) => input.name === name && (value === null || input.value === value));
  next?.focus();
  if (typeof at === "number" && next?.setSelectionRange) next.setSelectionRange(at, at);
}

function showProblems(problems) {
  for (const error of fields.querySelectorAll(".error[id]")) error.textContent = "";
  for (const wrong of fields.querySelectorAll(".field.bad")) wrong.classList.remove("bad");
  for (const input of fields.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const problem of problems) if (problem.id) showAtField(problem);
  marks.replaceChildren(...problems.map(mark));
  number(new Map(problems.map((problem) => [problem.line, problem.message])));
}

function showAtField(problem) {
  const error = document.getElementById(`${problem.id}-error`);
  if (!error) return;
  const help = document.getElementById(`${problem.id}-help`)?.textContent ?? "";
  if (error.hasChildNodes()) error.append(" ");
  error.append(...prose(`${problem.message} ${plain(problem.hint) === plain(help) ? "" : problem.hint}`.trim()));
  for (let fold = error.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  error.closest(".field")?.classList.add("bad");
  document.getElementById(problem.id)?.setAttribute("aria-invalid", "true");
}

function mark({ line, message, hint }) {
  const item = document.createElement("li");
  const jump = document.createElement("button");
  jump.type = "button";
  jump.className = "link";
  jump.dataset.line = line;
  jump.textContent = `line ${line}`;
  item.append(jump, ...prose(` ${message} ${hint}`));
  return item;
}

// Without what only the page puts in: backticks are code there, and some spaces do not break.
function plain(text) {
  return text.replaceAll("`", "").replaceAll("\u00a0", " ").replaceAll("\u2060", "");
}

// What stands between backticks is code.
function prose(text) {
  return text.split("`").map((part, place) => (place % 2 ? Object.assign(document.createElement("code"), { textContent: part }) : part));
}

// The editor: numbers beside the lines, wrong lines marked, Tab indents (Escape first to leave).
let wrongLines = new Map();

function number(wrong = wrongLines) {
  wrongLines = wrong;
  const count = editor.value.split("\n").length;
  gutter.replaceChildren(...Array.from({ length: count }, (_, index) => lineNumber(index + 1)));
  editor.rows = Math.min(Math.max(count + 1, 18), 34);
  gutter.scrollTop = editor.scrollTop;
}

// Text that comes line by line is numbered once for each frame.
let frame = 0;
function numberSoon() {
  frame ||= requestAnimationFrame(() => { frame = 0; number(new Map()); });
}

function lineNumber(line) {
  const span = document.createElement("span");
  span.textContent = String(line);
  if (wrongLines.has(line)) { span.className = "bad"; span.title = wrongLines.get(line); }
  return span;
}

function setText(text) {
  if (editor.value === text) return;
  const { scrollTop } = editor;
  editor.value = text;
  editor.scrollTop = scrollTop;
  number();
}

function insert(text) {
  if (!document.execCommand("insertText", false, text)) editor.setRangeText(text, editor.selectionStart, editor.selectionEnd, "end");
}

function lineStart(position) { return editor.value.lastIndexOf("\n", position - 1) + 1; }

function dedent() {
  const start = lineStart(editor.selectionStart);
  const blanks = editor.value.slice(start, start + 2).match(/^ {0,2}/)[0].length;
  if (!blanks) return;
  const caret = Math.max(start, editor.selectionStart - blanks);
  editor.setRangeText("", start, start + blanks);
  editor.setSelectionRange(caret, caret);
  editor.dispatchEvent(new Event("input", { bubbles: true }));
}

function goToLine(line) {
  const lines = editor.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  editor.focus();
  editor.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  editor.scrollTop = Math.max(0, (line - 4) * (editor.scrollHeight / lines.length));
}

editor.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    if (event.shiftKey) dedent(); else insert("  ");
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) {
    event.preventDefault();
    const line = editor.value.slice(lineStart(editor.selectionStart), editor.selectionStart);
    insert(`\n${line.match(/^ */)[0]}${/:\s*$/.test(line) ? "  " : ""}`);
  }
});
editor.addEventListener("scroll", () => { gutter.scrollTop = editor.scrollTop; });
editor.addEventListener("input", () => { numberSoon(); schedule("text"); });
fields.addEventListener("input", (event) => schedule("form", event.target.type === "checkbox" ? 0 : WAIT_MS));
fields.addEventListener("change", ({ target }) => { if (target.dataset.upload === undefined) schedule("form", 0); else take(target); });

// A file becomes part of the spec: as it stands while it is small, else packed by gzip and written in base64.
const SMALL_BYTES = 32 * 1024;
const PACKED_BYTES = 700 * 1024;
// What a spec takes of one text (solvers/documents.py: MAX_TEXT).
const MOST_TEXT = 4_000_000;
// How zip archives, as which spreadsheets are saved today, and older Excel files begin.
const SPREADSHEETS = ["504b0304", "d0cf11e0"];

async function take(input) {
  const [file] = input.files;
  const around = input.closest(".own, .group");
  if (!file || !around) return;
  const text = around.querySelector("[data-holds=text]");
  const packed = around.querySelector("[data-holds=gzip]");
  const zipped = file.name.endsWith(".gz");
  if (!packed) {
    if (await isSpreadsheet(file)) {
      say(`${file.name} is a spreadsheet. Save its sheet as CSV (UTF-8), and choose that file.`);
      return;
    }
    const found = file.size > MOST_TEXT ? null : await (zipped ? new Response(file.stream().pipeThrough(new DecompressionStream("gzip"))) : file).text();
    if (found === null || found.length > MOST_TEXT) {
      say(`${file.name} is too large for a spec: ${MOST_TEXT / 1e6} MB at the most. Keep only the columns and rows that matter.`);
      return;
    }
    text.value = found;
    forget(around, found);
    schedule("form", 0);
    return;
  }
  const small = !zipped && file.size <= SMALL_BYTES;
  text.value = small ? await file.text() : "";
  packed.value = small ? "" : await inBase64(zipped ? file : await new Response(file.stream().pipeThrough(new CompressionStream("gzip"))).blob());
  if (packed.value.length > PACKED_BYTES) {
    packed.value = "";
    say("The file is too large for a spec even when it is packed. Take fewer requests of it: some thousands are enough.");
    return;
  }
  schedule("form", 0);
}

async function isSpreadsheet(file) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return SPREADSHEETS.includes([...start].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
}

// Columns that were chosen in another table and are not in this one; what JSON calls them is the server's to tell.
function forget(around, table) {
  if (/^\s*[{[]/.test(table)) return;
  const header = table.split("\n").find((line) => line.trim() && !line.startsWith("#")) ?? "";
  const names = new Set(header.split(/[,;\t]/).map((name) => name.trim().replace(/^"|"$/g, "")));
  for (const choice of around.querySelectorAll("[data-table] select, [data-table] input")) if (!names.has(choice.value)) choice.value = "";
}

async function inBase64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

// A card of a list is added or taken away by the server, with the form as it stands.
function press(name) {
  const pressed = document.createElement("input");
  pressed.type = "hidden";
  pressed.name = name;
  pressed.value = "1";
  fields.append(pressed);
  clearTimeout(timer);
  changed = "form";
  check().finally(() => pressed.remove());
}

plan.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.line) goToLine(Number(button.dataset.line));
  if (button?.dataset.press) { event.preventDefault(); press(button.dataset.press); }
  if (button?.dataset.takeForm !== undefined) { setText(base.value); schedule("text", 0); }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !plan.contains(event.target)) return;
  event.preventDefault();
  document.getElementById("solve")?.click();
});
// While the last change is still on its way the server compares text and base by itself; nothing is lost.
plan.addEventListener("submit", () => {
  clearTimeout(timer);
  const solve = document.getElementById("solve");
  if (solve) { solve.classList.add("busy"); solve.setAttribute("aria-disabled", "true"); }
});
window.addEventListener("pageshow", () => document.getElementById("solve")?.removeAttribute("aria-disabled"));

number(new Map([...marks.querySelectorAll("[data-line]")].map((button) => [Number(button.dataset.line), ""])));
