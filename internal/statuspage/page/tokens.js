// The tokens, by client: a card each, and the bar that counts its life down.

import { make, put, say, order, button, $ } from "./dom.js";
import { invite, revoke } from "./change.js";
import { span, ago, share } from "./time.js";

const words = {
  fresh: ["fresh", "good"],
  due: ["due now", "warn"],
  held: ["due, written recently", "warn"],
  expired: ["expired", "bad"],
  missing: ["not there yet", "bad"],
  unreadable: ["unreadable", "bad"],
  idle: ["idle: nobody asks for it", "calm"],
  consent_required: ["consent required", "bad"],
  parked: ["parked: its secret is gone", "bad"],
  removed: ["removed", "calm"],
};
const reasons = {
  revoked: "the provider refuses the grant for good",
  rotation_lost: "an answer with a newer refresh token never came",
  identity_mismatch: "the last answer was somebody else's",
};

const outcomes = {
  succeeded: "last try succeeded",
  refused: "last try refused",
  failed: "last try failed",
  unknown: "last try without a usable answer",
};

const renewed = ["fresh", "due", "held", "idle", "expired"]; // by the sweeps, while there is a consent

const cards = new Map(); // token id to its card
const groups = new Map(); // client's name to its group
const at = (time) => (time ? Date.parse(time) : NaN);
const clientOf = (id) => id.split("/")[0];
const merchantOf = (id) => id.split("/")[1] ?? "";

function card(id, can, consented) {
  const parts = {};
  for (const name of ["id", "state", "left", "renewed", "since", "problem", "kept", "outcome"]) parts[name] = make("span", name);
  for (const name of ["fill", "notch", "answer"]) parts[name] = make("div", name);
  parts.bar = make("div", "bar", parts.fill, parts.notch);
  parts.bar.setAttribute("role", "meter");
  parts.bar.setAttribute("aria-label", `life left of ${id}`);
  parts.answer.setAttribute("role", "status");
  parts.answer.hidden = true;
  parts.actions = make("div", "actions");
  const [client, merchant] = [clientOf(id), merchantOf(id)];
  if (consented && merchant) {
    parts.revoke = button("action risky", "Revoke at the provider", (b) => revoke(b, parts.answer, client, merchant));
    if (can.invite) parts.actions.append(button("action", "Invite", (b) => invite(b, parts.answer, client, merchant)));
    if (can.revoke) parts.actions.append(parts.revoke);
    for (const b of parts.actions.children) b.setAttribute("aria-label", `${b.textContent}: ${id}`);
  }
  parts.root = make("li", "token",
    make("div", "top", parts.id, parts.state), parts.bar, make("div", "under", parts.left, parts.renewed),
    parts.since, parts.problem, make("div", "under", parts.kept, parts.outcome), parts.actions, parts.answer);
  put(parts.id, merchant || "bound to no merchant");
  return parts;
}

// issue tells one access token of an id from the next.
const issue = (token) => token.version ?? token.issued_at;

// kept says where the token is kept, and how far the secret is behind.
function kept(token) {
  if (token.version) return `secret version ${token.version.slice(0, 8)}`;
  if (!token.revision) return "";
  if (!token.published_revision) return `journal revision ${token.revision}, nothing in the secret`;
  const behind = token.revision - token.published_revision;
  return behind > 0
    ? `journal revision ${token.revision}, secret ${behind} behind`
    : `revision ${token.revision} in journal and secret`;
}

// reasonOf says why only the merchant can help.
function reasonOf(token) {
  if (token.state !== "consent_required") return "";
  const since = token.since ? `Since ${new Date(token.since).toLocaleTimeString([], { hour12: false })} only` : "Only";
  const why = reasons[token.reason] ?? token.reason;
  return `${since} the merchant can help${why ? `: ${why}` : ""}.`;
}

function drawToken(token, view, consented) {
  const known = cards.get(token.id);
  const parts = known ?? card(token.id, view.can, consented);
  const was = known && issue(known.token);
  if (was && issue(token) && was !== issue(token)) {
    parts.root.classList.remove("renewed");
    void parts.root.offsetWidth; // restarts the animation
    parts.root.classList.add("renewed");
  }
  if (known && (known.token.state !== token.state || known.token.consented_at !== token.consented_at)) settle(parts, token);
  parts.token = token;
  cards.set(token.id, parts);
  if (parts.revoke) parts.revoke.hidden = !renewed.includes(token.state);
  say(parts.kept, kept(token));
  parts.kept.title = token.version ?? "";
  say(parts.outcome, outcomes[token.outcome] ?? token.outcome);
  say(parts.problem, token.problem);
  say(parts.since, reasonOf(token));
  return parts.root;
}

// settle takes away what was said of an invitation or a revocation, once it has
// happened.
function settle(parts, token) {
  if (token.state === "consent_required" || parts.token.consented_at !== token.consented_at) parts.answer.hidden = true;
}

function group(client, can) {
  const parts = { title: make("h2", "", client.name), kind: make("span", "kind"), problem: make("p", "problem"), list: make("ul", "cards") };
  parts.empty = make("p", "empty", "No token is promised for it yet.");
  parts.title.id = `client-${client.name}`;
  parts.root = make("section", "group", make("div", "head", parts.title, parts.kind), parts.problem, parts.list, parts.empty);
  parts.root.setAttribute("aria-labelledby", parts.title.id);
  if (can.invite && client.grant_type === "authorization_code") parts.root.append(inviteForm(client.name));
  return parts;
}

// inviteForm invites a merchant that has no token yet.
function inviteForm(client) {
  const field = make("input", "");
  Object.assign(field, { name: "merchant", required: true, maxLength: 64, placeholder: "DK87654321", autocomplete: "off", spellcheck: false });
  const send = make("button", "action", "Invite");
  const answer = make("div", "answer");
  answer.setAttribute("role", "status");
  answer.hidden = true;
  const form = make("form", "invite", make("label", "", make("span", "", "Invite another merchant"), field), send, answer);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    invite(send, answer, client, field.value.trim());
  });
  return form;
}

// draw shows what the view says.
export function draw(view) {
  const present = new Set(view.tokens.map((token) => token.id));
  for (const id of cards.keys()) if (!present.has(id)) cards.delete(id);
  const roots = view.clients.map((client) => {
    const parts = groups.get(client.name) ?? group(client, view.can);
    groups.set(client.name, parts);
    const consented = client.grant_type === "authorization_code";
    const tokens = view.tokens.filter((token) => clientOf(token.id) === client.name);
    put(parts.kind, consented ? "with merchants' consent" : "with the client's own credentials");
    say(parts.problem, client.problem);
    order(parts.list, tokens.map((token) => drawToken(token, view, consented)));
    parts.empty.hidden = tokens.length > 0;
    return parts.root;
  });
  order($("groups"), roots.length ? roots : [make("p", "empty", "No client has credentials yet.")]);
}

// age draws what changes by itself: the bars, the time left, and the state of a
// token that came due or expired since the last event. It returns the smallest
// share of life left among the tokens that sweeps keep alive, NaN if there are
// none.
export function age(now) {
  let lowest = NaN;
  for (const parts of cards.values()) {
    const left = ageToken(parts, now);
    const counts = parts.token.state !== "idle" && renewed.includes(parts.token.state);
    if (counts && !Number.isNaN(left)) lowest = Number.isNaN(lowest) ? left : Math.min(lowest, left);
  }
  return lowest;
}

function ageToken({ token, ...parts }, now) {
  const issued = at(token.issued_at), due = at(token.due_at), expires = at(token.expires_at);
  let state = token.state;
  if (state === "fresh" && now >= due) state = "due";
  if (now >= expires && ["fresh", "due", "held"].includes(state)) state = "expired";
  const [word, tone] = words[state] ?? [state, "bad"];
  put(parts.state, word);
  parts.root.dataset.tone = tone;
  parts.bar.hidden = Number.isNaN(expires);
  if (Number.isNaN(expires)) {
    put(parts.left, "no token");
    put(parts.renewed, "");
    return NaN;
  }
  const left = share(expires - now, expires - issued);
  parts.bar.style.setProperty("--life", left.toFixed(4));
  parts.notch.style.left = `${100 * share(expires - due, expires - issued)}%`;
  const text = now < expires ? `${span(expires - now)} left of ${span(expires - issued)}` : `expired ${ago(now - expires)}`;
  put(parts.left, text);
  put(parts.renewed, `renewed ${ago(now - issued)}`);
  parts.bar.setAttribute("aria-valuenow", Math.round(left * 100));
  parts.bar.setAttribute("aria-valuetext", text);
  return left;
}
