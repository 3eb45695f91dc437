/** The switches, and the line that says what a button did. */

import { byId, write } from './text.js';

const switches = [...document.querySelectorAll('[data-switch]')];

// On a phone the open switches would leave no room for what they change.
byId('faults').open = matchMedia('(min-width: 52.01rem)').matches;

for (const button of switches) {
  button.onclick = () =>
    press(button, `${button.ariaChecked === 'true' ? 'repair' : 'break'}/${button.dataset.switch}`);
}

/** @param breakage the state of the switches; `undefined` with a real Zoom, which cannot be broken */
export function showSwitches(breakage) {
  byId('faults').hidden = !breakage;
  for (const button of switches) button.ariaChecked = String(breakage?.[button.dataset.switch] ?? false);
}

/** Sends the request of a button, and says what it did. */
export async function press(button, path) {
  button.disabled = true;
  try {
    const response = await fetch(`/${path}`, { method: 'POST' });
    const { message, action = '' } = await response.json();
    say(`${message} ${action}`.trim());
  } catch {
    say('The local stack is not running. Start it again, with the same options.');
  }
  button.disabled = false;
}

export const say = (text) => write(byId('announcement'), text);
