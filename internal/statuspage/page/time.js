// How spans of time (in ms) read.

export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

export const ago = (ms) => (ms < 1000 ? "just now" : `${span(ms)} ago`);

// share is how much of whole a part is, 0 to 1.
export const share = (part, whole) => (whole > 0 ? Math.min(Math.max(part / whole, 0), 1) : 0);
