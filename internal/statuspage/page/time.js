// How spans of time (in ms) read.

const two = (n) => String(n).padStart(2, "0");

// span reads 42 s, 1:29 (minutes and seconds) or 26 h 05 min.
export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
}

export const ago = (ms) => (ms < 1000 ? "just now" : `${span(ms)} ago`);

// share is how much of whole a part is, 0 to 1.
export const share = (part, whole) => (whole > 0 ? Math.min(Math.max(part / whole, 0), 1) : 0);
