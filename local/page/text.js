/** Formats times and sets texts. Timestamps are epoch seconds of the local clock. */

export const byId = (id) => document.getElementById(id);
export const timestamp = (at) => new Date(at * 1000).toISOString();
export const clockTime = (at) => timestamp(at).slice(11, 19);
export const duration = (seconds) => (seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`);

/** Sets the element's text. Leaves an equal text alone, because a change would clear the user's selection. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Creates an element with a text and a class. */
export function create(tag, text = '', className = '') {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}
