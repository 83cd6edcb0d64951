// Keys 1 to 5 press the buttons, and only the first press counts: a double click mustn't vote on the next page, too.
// Without this file the buttons work as well.
"use strict";
const form = document.getElementById("vote");
const buttons = form.querySelectorAll("button[name=choice]");
let sent = false;
form.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  sent = true;
});
addEventListener("click", (event) => { if (event.detail > 1 && event.target.closest("button")) event.preventDefault(); });
addEventListener("pageshow", () => { sent = false; });
addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target.closest && event.target.closest("input, textarea, select")) return;
  const button = buttons[Number(event.key) - 1];
  if (button && /^[1-5]$/.test(event.key)) button.click();
});
