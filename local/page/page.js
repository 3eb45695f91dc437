/** Shows each state that the local stack sends. Timestamps are epoch seconds of the local clock. */

import { showCards } from './cards.js';
import { showEvents } from './journal.js';
import { showSwitches } from './panel.js';
import { byId, clockTime, timestamp, write } from './text.js';

const SEARCH_MILLISECONDS = 250;
/** Fewer connections are on one page, and need no search. */
const SEARCHABLE = 20;

const query = { search: '', page: 0 };
let source;
let searchTimer;

follow();

byId('search').oninput = ({ target }) => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => follow({ search: target.value, page: 0 }), SEARCH_MILLISECONDS);
};
byId('previous').onclick = () => follow({ page: query.page - 1 });
byId('next').onclick = () => follow({ page: query.page + 1 });

/** Receives the states of one page of the connections. */
function follow(change = {}) {
  Object.assign(query, change);
  source?.close();
  source = new EventSource(`/events?${new URLSearchParams(query)}`);
  source.onmessage = ({ data }) => {
    byId('offline').hidden = true;
    show(JSON.parse(data));
  };
  source.onerror = () => {
    byId('offline').hidden = false;
  };
}

function show(state) {
  const { now, connections, list } = state;
  byId('clock').dateTime = timestamp(now);
  write(byId('clock'), `${timestamp(now).slice(0, 10)} ${clockTime(now)} UTC`);
  write(byId('speed'), state.speedText);
  write(byId('zoom'), state.zoom);
  write(byId('environment'), state.environment);
  byId('connect').hidden = !state.connectable;
  byId('waiting').hidden = state.connectable || list.total > 0;
  write(byId('n8n-field'), state.n8nHint);
  byId('n8n-field').hidden = list.total === 0;
  showList(list, connections.length);
  showCards(state);
  showSwitches(state.breakage);
  showEvents(state.events);
}

function showList({ total, found, page, pages, works, needAttention, fails }, shown) {
  query.page = page;
  byId('find').hidden = total <= SEARCHABLE;
  write(
    byId('counts'),
    `${number(total)} connections: ${number(works)} work, ${number(needAttention)} need attention, ${number(fails)} fail`,
  );
  byId('pages').hidden = total <= SEARCHABLE;
  const first = page * SEARCHABLE + 1;
  write(
    byId('range'),
    found === 0 ? 'No connection has this name' : `${first} to ${first + shown - 1} of ${number(found)}`,
  );
  byId('previous').disabled = page === 0;
  byId('next').disabled = page === pages - 1;
}

const number = (count) => count.toLocaleString('en');
