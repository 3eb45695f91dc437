/** The lanes of a card: Zoom's responses to n8n with this program, and without it. */

import { clockTime, create, write } from './text.js';

export function showLanes(card, calls) {
  card.lanes.hidden = calls.length === 0;
  const last = calls.at(-1)?.at;
  if (card.lastCall === last) return;
  card.lastCall = last;
  const works = (lane) => calls.filter((call) => call[lane] === 200).length;
  const many = `of its last ${calls.length} calls worked`;
  write(card.withUsTitle, `n8n with this program: ${works('withUs')} ${many}`);
  write(
    card.withoutUsTitle,
    `Without it, with the first token pasted into n8n once: ${works('withoutUs')} ${many}`,
  );
  card.withUs.replaceChildren(...calls.map((call) => callItem(call, call.withUs, call.isNewToken)));
  card.withoutUs.replaceChildren(...calls.map((call) => callItem(call, call.withoutUs, false)));
}

function callItem({ at }, status, isNewToken) {
  const tone = { 200: 'good', 401: 'bad' }[status] ?? 'other';
  const item = create('li', status === 0 ? '–' : String(status), `code ${tone}`);
  item.title = clockTime(at);
  item.classList.toggle('renewed', isNewToken);
  return item;
}
