// What a person does on the page, and how it went.

import { make, button, put } from "./dom.js";

let ticket = "";

// admit takes the ticket that every change must bring.
export function admit(newest) {
  ticket = newest;
}

// change asks for one; it fails with words for a person.
export async function change(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Ticket": ticket },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response;
}

// busy runs a change while its button cannot be pressed again, and tells in
// `answer` what came of it.
async function busy(pressed, answer, run) {
  pressed.disabled = true;
  try {
    answer.replaceChildren(...(await run()));
    answer.dataset.tone = "";
  } catch (problem) {
    answer.replaceChildren(problem.message);
    answer.dataset.tone = "bad";
  } finally {
    pressed.disabled = false;
    answer.hidden = false;
  }
}

export const invite = (pressed, answer, client, merchant) => busy(pressed, answer, async () => {
  const { url } = await (await change("invite", { client, merchant })).json();
  const open = make("a", "action", "Open");
  Object.assign(open, { href: url, target: "_blank", rel: "noopener noreferrer" });
  const copy = button("action", "Copy", async () => {
    await navigator.clipboard.writeText(url);
    put(copy, "Copied");
  });
  return [make("span", "said", `Invitation for ${merchant}`), make("span", "link", url), make("span", "actions", open, copy)];
});

export const revoke = (pressed, answer, client, merchant) => busy(pressed, answer, async () => {
  await change("revoke", { client, merchant });
  return [make("span", "said", "Revoked at the provider. The next refresh finds out.")];
});
