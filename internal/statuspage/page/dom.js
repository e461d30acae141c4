// The few ways in which this page touches the document. Text is set as text,
// never as markup.

export const $ = (id) => document.getElementById(id);

// put sets text only where it differs, so that a selection survives.
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// say puts text, and hides the element while there is none.
export function say(element, text) {
  put(element, text ?? "");
  element.hidden = !text;
}

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function button(className, text, pressed) {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", () => pressed(element));
  return element;
}

// order puts these children, and no others, in this order; what stands right
// is not moved, so that focus and animations survive.
export function order(parent, children) {
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
}
