// Keys 1 to 5 press the buttons once both answers were in view to their ends, and U takes the last vote back. Folds stay
// as they were left. Only the first press counts: a double click mustn't vote on the next page, too.
// Without this file the buttons work as well.
"use strict";
const SETTLED = 400; // ms after which a key can't have been meant for the page before
const form = document.getElementById("vote");
const buttons = form.querySelectorAll("button[name=choice]");
const toggle = form.querySelector(".keys");
const memory = {
  get(name) { try { return localStorage.getItem(name); } catch { return null; } }, // a frame may not keep anything
  set(name, value) { try { localStorage.setItem(name, value); } catch { /* nothing is kept */ } },
};
let sent = false;
let settled = false;
let wanted = memory.get("keys") !== "off";
const unseen = new Set(document.querySelectorAll(".answer > .end"));

function show() {
  const ready = settled && !unseen.size;
  form.dataset.keys = !wanted ? "off" : ready ? "on" : "wait";
  toggle.textContent = toggle.dataset[form.dataset.keys];
  toggle.setAttribute("aria-pressed", String(wanted));
}
toggle.addEventListener("click", () => {
  wanted = !wanted;
  memory.set("keys", wanted ? "on" : "off");
  show();
});
setTimeout(() => { settled = true; show(); }, SETTLED);
const hidden = innerHeight > 2 * form.offsetHeight && getComputedStyle(form).position === "sticky" ? form.offsetHeight : 0;
const watch = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) { unseen.delete(entry.target); watch.unobserve(entry.target); }
  show();
}, { rootMargin: `0px 0px -${hidden}px 0px` });
unseen.forEach((end) => watch.observe(end));
show();

// Folds: those of one name open and close together, so that neither side is treated better.
for (const fold of document.querySelectorAll("details[data-fold]")) {
  const name = fold.dataset.fold;
  fold.open = memory.get(`fold-${name}`) === "open";
  fold.addEventListener("toggle", () => {
    memory.set(`fold-${name}`, fold.open ? "open" : "closed");
    for (const other of document.querySelectorAll(`details[data-fold=${name}]`)) other.open = fold.open;
    reachable();
  });
}
// What scrolls can be reached by keyboard.
function reachable() {
  for (const box of document.querySelectorAll(".text, .text :is(pre, .scroll, .formula)")) {
    if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
reachable();
addEventListener("resize", reachable);

form.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  sent = true;
});
addEventListener("click", (event) => { if (event.detail > 1 && event.target.closest("button:not(.keys)")) event.preventDefault(); });
addEventListener("pageshow", () => { sent = false; });
addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target.closest && event.target.closest("input, textarea, select")) return;
  if (!wanted || !settled) return;
  if (event.key.toLowerCase() === "u") document.querySelector("button[name=undo]")?.click();
  else if (!unseen.size && /^[1-5]$/.test(event.key)) buttons[Number(event.key) - 1].click();
});
