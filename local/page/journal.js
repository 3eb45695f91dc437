/** The list of events. */

import { byId, clockTime, create, timestamp } from './text.js';

let shown = '';

export function showEvents(events) {
  const text = JSON.stringify(events);
  if (shown === text) return;
  shown = text;
  byId('events').replaceChildren(...events.map(eventItem));
}

function eventItem({ event, at, title, paragraphs }) {
  const item = create('li', '', event);
  const time = create('time', clockTime(at));
  time.dateTime = timestamp(at);
  item.append(time, create('strong', title), ...paragraphs.flatMap(paragraphElements));
  return item;
}

function paragraphElements({ text, facts }) {
  if (facts.length === 0) return [create('p', text)];
  const list = create('dl');
  for (const { term, description } of facts) list.append(create('dt', term), create('dd', description));
  return [create('h3', text), list];
}
