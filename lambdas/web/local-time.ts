import { timeLeft, utc } from '../tokens/clock.ts';
import { type Html, html } from './html.ts';

/** Script that writes the times of a page in the time zone and the language of the browser. Without it they are in UTC. */
export const LOCAL_TIMES = `
for (const time of document.getElementsByTagName('time')) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  time.title = time.textContent;
  time.textContent = format.format(new Date(time.dateTime));
}
`;

/** Returns a time to come, absolute and relative. The script `LOCAL_TIMES` makes it local. */
export const untilTime = (at: number, now: number): Html =>
  html`<time datetime="${new Date(at * 1000).toISOString()}">${utc(at)}</time> (${timeLeft(at, now)})`;
