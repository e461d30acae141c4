// What the sweeps did: a strip of marks, and a log of those that did something.

import { make, put, $ } from "./dom.js";
import { ago } from "./time.js";

const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });
const tone = (sweep) => (sweep.problem || sweep.failures.length ? "bad" : sweep.renewed ? "good" : "");

function outcome(sweep) {
  if (sweep.problem) return "the sweep failed";
  const parts = [];
  if (sweep.renewed) parts.push(`${sweep.renewed} renewed`);
  if (sweep.failures.length) parts.push(`${sweep.failures.length} failed`);
  if (sweep.not_due) parts.push(`${sweep.not_due} not due`);
  return parts.join(", ") || "nothing to do";
}

export function draw({ sweeps }) {
  $("strip").replaceChildren(...sweeps.map((sweep) => {
    const mark = make("i");
    mark.dataset.tone = tone(sweep);
    mark.title = `${clock(sweep.at)} ${sweep.function}: ${outcome(sweep)}`;
    return mark;
  }));
  const busy = sweeps.filter(tone);
  $("strip").setAttribute("aria-label",
    `Of the last ${sweeps.length} sweeps ${busy.length} did something, ${busy.filter((s) => tone(s) === "bad").length} with failures`);
  $("log").replaceChildren(...busy.slice(-8).reverse().map((sweep) => {
    const line = make("li", "", make("time", "", clock(sweep.at)),
      make("span", "", `${sweep.function}: ${outcome(sweep)} in ${Math.round(sweep.took_ns / 1e6)} ms`));
    const problems = sweep.failures.map((failure) => `${failure.token}: ${failure.error}`);
    if (sweep.problem) problems.push(sweep.problem);
    line.append(...problems.slice(0, 5).map((text) => make("span", "problem", text)));
    return line;
  }));
}

export function age({ sweeps }, now) {
  const last = sweeps.at(-1);
  put($("last-sweep"), last ? `Last sweep ${ago(now - Date.parse(last.at))}: ${outcome(last)}.` : "No sweep yet.");
}
