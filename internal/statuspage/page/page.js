// The page's entry: it follows /events, has drawn what they say, and lets time
// pass between them.

import { $, put, say, make, button } from "./dom.js";
import { admit, change } from "./change.js";
import * as sweeps from "./sweeps.js";
import * as tokens from "./tokens.js";

let view = null;
let clock = 0; // how far the server's clock is ahead of this one, in ms

function link(state, text) {
  $("link").dataset.state = state;
  put($("link"), text);
}

function drawVerdict({ verdict, speed }) {
  $("verdict").dataset.tone = verdict.tone;
  put($("verdict-title"), verdict.title);
  say($("verdict-detail"), verdict.detail);
  put($("speed"), speed > 1 ? `time runs ${speed} times faster` : "");
  document.title = `${verdict.title} · token-refresher`;
}

function drawFaults({ faults, can }) {
  $("faults-section").hidden = faults.length === 0;
  const list = $("faults");
  faults.forEach((fault, i) => {
    if (!list.children[i]) list.append(make("li", "", button("", "", switchFault)));
    const toggle = list.children[i].firstChild;
    toggle.dataset.name = fault.name;
    toggle.disabled = !can.switch;
    toggle.setAttribute("aria-pressed", String(fault.on));
    put(toggle, fault.meaning);
  });
  while (list.children.length > faults.length) list.lastChild.remove();
}

async function switchFault(toggle) {
  const on = toggle.getAttribute("aria-pressed") !== "true";
  toggle.disabled = true;
  try {
    await change("faults", { name: toggle.dataset.name, on });
    toggle.setAttribute("aria-pressed", String(on));
  } catch (problem) {
    link("lost", `not switched: ${problem.message}`);
  } finally {
    toggle.disabled = false;
  }
}

function follow() {
  const events = new EventSource("events");
  events.addEventListener("view", (event) => {
    clock = Number(event.lastEventId) - Date.now();
    view = JSON.parse(event.data);
    admit(view.ticket);
    link("live", "live");
    drawVerdict(view);
    tokens.draw(view);
    sweeps.draw(view);
    drawFaults(view);
  });
  events.addEventListener("trouble", () => link("lost", "the figures cannot be read at the moment"));
  events.addEventListener("error", () => link("lost", "no connection, trying again"));
}

function tick() {
  if (view) {
    const now = Date.now() + clock;
    const lowest = tokens.age(now);
    say($("lowest"), Number.isNaN(lowest) ? "" : `least life left: ${Math.round(100 * lowest)} %`);
    sweeps.age(view, now);
  }
  requestAnimationFrame(tick);
}

follow();
tick();
