// The page's only script: it follows /events, draws what they say, and counts
// the tokens' lives down between them. Text is set as text, never as markup.

import { span, ago, share } from "./time.js";

const $ = (id) => document.getElementById(id);
const words = {
  fresh: ["fresh", "good"],
  due: ["due now", "warn"],
  held: ["due, written recently", "warn"],
  expired: ["expired", "bad"],
  missing: ["not there yet", "bad"],
  unreadable: ["unreadable", "bad"],
  idle: ["idle", "good"],
  consent_required: ["consent required", "bad"],
  parked: ["parked: its secret is gone", "bad"],
  removed: ["removed", "bad"],
};

let view = null;
let clock = 0; // how far the server's clock is ahead of this one, in ms
const cards = new Map(); // token id to its card

const now = () => Date.now() + clock;
const at = (time) => (time ? Date.parse(time) : NaN);

// put sets text only where it differs, so that a selection survives.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function card(id) {
  const parts = {};
  for (const name of ["id", "state", "left", "renewed", "version", "problem", "fill", "notch"]) {
    parts[name] = make(["fill", "notch"].includes(name) ? "div" : "span", name);
  }
  parts.bar = make("div", "bar", parts.fill, parts.notch);
  parts.bar.setAttribute("role", "meter");
  parts.bar.setAttribute("aria-label", `life left of ${id}`);
  parts.root = make("li", "token",
    make("div", "top", parts.id, parts.state), parts.bar,
    make("div", "under", parts.left, parts.renewed), parts.version, parts.problem);
  parts.renewed.className = "";
  put(parts.id, id);
  return parts;
}

// issue tells one access token of an id from the next.
const issue = (token) => token.version ?? token.issued_at;

// keeping says where the token is kept, in what version.
function keeping(token) {
  if (token.version) return `version ${token.version}`;
  if (!token.revision) return "";
  const secret = token.published_revision ? `revision ${token.published_revision}` : "nothing yet";
  return `journal: revision ${token.revision}, secret: ${secret}`;
}

function drawTokens() {
  for (const token of view.tokens) {
    const known = cards.get(token.id);
    const parts = known ?? card(token.id);
    const was = known && issue(known.token);
    if (was && issue(token) && was !== issue(token)) {
      parts.root.classList.remove("renewed");
      void parts.root.offsetWidth; // restarts the animation
      parts.root.classList.add("renewed");
    }
    parts.token = token;
    cards.set(token.id, parts);
    const kept = keeping(token);
    put(parts.version, kept);
    parts.version.title = kept;
    put(parts.problem, token.problem ?? "");
    parts.problem.hidden = !token.problem;
    parts.version.hidden = !kept;
  }
  for (const [id] of cards) {
    if (!view.tokens.some((token) => token.id === id)) cards.delete(id);
  }
  const order = view.tokens.map((token) => cards.get(token.id).root);
  const list = $("tokens");
  if (order.length === 0) {
    list.replaceChildren(make("li", "empty", "No token is promised yet."));
  } else if (order.length !== list.children.length || order.some((root, i) => list.children[i] !== root)) {
    list.replaceChildren(...order);
  }
}

// age draws what changes by itself: the bar, the time left, and the state of a
// token that came due or expired since the last event.
function age(parts) {
  const { token } = parts;
  const issued = at(token.issued_at), due = at(token.due_at), expires = at(token.expires_at);
  let state = token.state;
  if (state === "fresh" && now() >= due) state = "due";
  if (now() >= expires && ["fresh", "due", "held"].includes(state)) state = "expired";
  const [word, tone] = words[state] ?? [state, "bad"];
  put(parts.state, word);
  parts.root.dataset.tone = tone;
  parts.bar.hidden = Number.isNaN(expires);
  if (Number.isNaN(expires)) {
    put(parts.left, "no token");
    put(parts.renewed, "");
    return;
  }
  const left = share(expires - now(), expires - issued);
  parts.fill.style.transform = `scaleX(${left})`;
  parts.notch.style.left = `${100 * share(expires - due, expires - issued)}%`;
  const text = now() < expires ? `${span(expires - now())} left of ${span(expires - issued)}` : `expired ${ago(now() - expires)}`;
  put(parts.left, text);
  put(parts.renewed, `renewed ${ago(now() - issued)}`);
  parts.bar.setAttribute("aria-valuenow", Math.round(left * 100));
  parts.bar.setAttribute("aria-valuetext", text);
}

const tone = (sweep) => (sweep.problem || sweep.failures.length ? "bad" : sweep.renewed ? "good" : "");

function outcome(sweep) {
  if (sweep.problem) return "the sweep failed";
  const parts = [];
  if (sweep.renewed) parts.push(`${sweep.renewed} renewed`);
  if (sweep.failures.length) parts.push(`${sweep.failures.length} failed`);
  if (sweep.not_due) parts.push(`${sweep.not_due} not due`);
  return parts.join(", ") || "nothing to do";
}

function drawSweeps() {
  const { sweeps } = view;
  $("strip").replaceChildren(...sweeps.map((sweep) => {
    const mark = make("i");
    mark.dataset.tone = tone(sweep);
    mark.title = `${new Date(sweep.at).toLocaleTimeString()} ${sweep.function}: ${outcome(sweep)}`;
    return mark;
  }));
  const busy = sweeps.filter(tone);
  $("strip").setAttribute("aria-label",
    `Of the last ${sweeps.length} sweeps ${busy.length} did something, ${busy.filter((s) => tone(s) === "bad").length} with failures`);
  $("log").replaceChildren(...busy.slice(-8).reverse().map((sweep) => {
    const time = make("time", "", new Date(sweep.at).toLocaleTimeString([], { hour12: false }));
    const line = make("li", "", time, make("span", "", `${sweep.function}: ${outcome(sweep)} in ${Math.round(sweep.took_ns / 1e6)} ms`));
    const problems = sweep.failures.map((failure) => `${failure.token}: ${failure.error}`);
    if (sweep.problem) problems.push(sweep.problem);
    line.append(...problems.slice(0, 5).map((text) => make("span", "problem", text)));
    return line;
  }));
}

function ageSweeps() {
  const last = view.sweeps.at(-1);
  put($("last-sweep"), last ? `Last sweep ${ago(now() - at(last.at))}: ${outcome(last)}.` : "No sweep yet.");
}

function drawClients() {
  const rows = view.clients.map((client) => {
    const state = make("span", "state", client.problem ? "cannot be used" : "in use");
    state.dataset.tone = client.problem ? "bad" : "good";
    const promised = `${client.grant_type.replaceAll("_", " ")}, ${client.tokens} ${client.tokens === 1 ? "token" : "tokens"}`;
    const row = make("li", "token", make("div", "top", make("span", "id", client.name), state), make("span", "under", promised));
    if (client.problem) row.append(make("span", "problem", client.problem));
    return row;
  });
  $("clients").replaceChildren(...(rows.length ? rows : [make("li", "empty", "No client has credentials yet.")]));
}

function drawFaults() {
  $("faults-section").hidden = view.faults.length === 0;
  const list = $("faults");
  for (const [i, fault] of view.faults.entries()) {
    if (!list.children[i]) {
      const button = make("button", "");
      button.type = "button";
      button.addEventListener("click", () => switchFault(button));
      list.append(make("li", "", button));
    }
    const button = list.children[i].firstChild;
    button.dataset.name = fault.name;
    button.setAttribute("aria-pressed", String(fault.on));
    put(button, fault.meaning);
  }
  while (list.children.length > view.faults.length) list.lastChild.remove();
}

async function switchFault(button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  button.disabled = true;
  try {
    const answer = await fetch("faults", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: button.dataset.name, on }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    button.setAttribute("aria-pressed", String(on));
  } catch (problem) {
    link("lost", `not switched: ${problem.message}`);
  } finally {
    button.disabled = false;
  }
}

function link(state, text) {
  $("link").dataset.state = state;
  put($("link"), text);
}

function follow() {
  const events = new EventSource("events");
  events.addEventListener("view", (event) => {
    clock = Number(event.lastEventId) - Date.now();
    view = JSON.parse(event.data);
    link("live", "live");
    put($("speed"), view.speed > 1 ? `time runs ${view.speed} times faster` : "");
    drawTokens();
    drawSweeps();
    drawClients();
    drawFaults();
  });
  events.addEventListener("trouble", () => link("lost", "the figures cannot be read at the moment"));
  events.addEventListener("error", () => link("lost", "no connection, trying again"));
}

function tick() {
  if (view) {
    cards.forEach(age);
    ageSweeps();
  }
  requestAnimationFrame(tick);
}

follow();
tick();
