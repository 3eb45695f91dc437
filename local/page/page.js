/** Shows each state that the local stack sends. Timestamps are epoch seconds of the local clock. */

const STATUS = {
  active: 'Active',
  reconnect: 'Reconnect needed',
  misconfigured: 'Misconfigured',
  disconnected: 'Disconnected',
};

const GRANTS = {
  authorization_code: 'user consent (authorization_code)',
  account_credentials: 'Server-to-Server (account_credentials)',
};

const ANNOUNCEMENT_MILLISECONDS = 8000;

const byId = (id) => document.getElementById(id);
const cards = new Map();
const switches = [...document.querySelectorAll('[data-switch]')];
let shownEvents = '';
let announcementTimer;

for (const button of switches) {
  button.onclick = () =>
    press(button, `${button.ariaChecked === 'true' ? 'repair' : 'break'}/${button.dataset.switch}`);
}

const source = new EventSource('/events');
source.onmessage = ({ data }) => {
  byId('offline').hidden = true;
  show(JSON.parse(data));
};
source.onerror = () => {
  byId('offline').hidden = false;
};

function show({
  now,
  speed,
  speedText,
  zoom,
  environment,
  n8nHint,
  connectable,
  breakage,
  connections,
  events,
}) {
  byId('clock').dateTime = timestamp(now);
  write(byId('clock'), `${timestamp(now).slice(0, 10)} ${clockTime(now)} UTC`);
  write(byId('speed'), speedText);
  write(byId('zoom'), zoom);
  write(byId('environment'), environment);
  byId('connect').hidden = !connectable;
  byId('waiting').hidden = connectable || connections.length > 0;
  write(byId('n8n-field'), n8nHint);
  byId('n8n-field').hidden = connections.length === 0;
  byId('faults').hidden = !breakage;
  for (const button of switches) button.ariaChecked = String(breakage?.[button.dataset.switch] ?? false);
  removeCardsExcept(connections);
  for (const connection of connections) {
    showConnection(connection, now, speed);
    cards.get(connection.connection).revoke.hidden =
      !breakage || connection.status !== 'active' || connection.grantType !== 'authorization_code';
  }
  if (shownEvents !== JSON.stringify(events)) {
    shownEvents = JSON.stringify(events);
    byId('events').replaceChildren(...events.map(eventItem));
  }
}

function showConnection(connection, now, speed) {
  const card = cards.get(connection.connection) ?? addCard(connection);
  const { status, lastError, validUntil, dueAt, rotatedAt, maskedToken, publishedVersion } = connection;
  const lifetime = connection.expiresAt - rotatedAt;
  const left = Math.max(0, validUntil - now);

  write(card.status, STATUS[status]);
  card.status.className = `status ${status}`;
  write(card.kind, `Zoom app “${connection.app}”, ${GRANTS[connection.grantType]}`);
  card.error.hidden = !lastError;
  if (lastError) {
    write(card.message, lastError.message);
    write(card.action, lastError.action);
  }

  const [lead, remaining] = validity(publishedVersion, left);
  write(card.lead, lead);
  write(card.left, remaining);
  card.bar.max = lifetime;
  card.bar.value = left;
  card.bar.ariaValueText = remaining;
  const scheduled = status === 'active' && dueAt > now && dueAt < validUntil;
  card.mark.hidden = !scheduled;
  card.legend.hidden = !scheduled;
  if (scheduled) card.mark.style.left = `${(100 * (validUntil - dueAt)) / lifetime}%`;

  write(card.next, nextRotation(connection, now, speed));
  write(card.last, `${clockTime(rotatedAt)}, ${duration(now - rotatedAt)} ago`);
  write(card.token, tokenText(maskedToken, publishedVersion));
  write(card.expression, connection.expression);
  card.rotate.hidden = status === 'reconnect' || status === 'disconnected';
  card.reconnect.hidden = !card.rotate.hidden || connection.grantType !== 'authorization_code';

  if (card.version !== undefined && publishedVersion > card.version) {
    card.article.classList.remove('refilled');
    requestAnimationFrame(() => card.article.classList.add('refilled'));
  }
  card.version = publishedVersion;
}

function tokenText(maskedToken, publishedVersion) {
  if (maskedToken) return `${maskedToken} (version ${publishedVersion})`;
  return publishedVersion === 0 ? 'no token yet' : 'nothing: the secret cannot be read';
}

function validity(publishedVersion, left) {
  if (publishedVersion === 0) return ['n8n has', 'no token yet'];
  if (left === 0) return ['n8n’s token has', 'expired'];
  return ['n8n’s token is valid for', duration(left)];
}

function nextRotation({ status, dueAt }, now, speed) {
  if (status === 'reconnect' || status === 'disconnected') return 'after it is connected again';
  if (dueAt <= now) return 'at the next sweep, within a minute';
  const real = speed === 1 ? '' : `; ${Math.ceil((dueAt - now) / speed)} s in real time`;
  return `${clockTime(dueAt)}, in ${duration(dueAt - now)}${real}`;
}

function addCard({ connection, expression }) {
  const article = byId('connection').content.firstElementChild.cloneNode(true);
  const fields = [...article.querySelectorAll('[data-field]')];
  const card = { article, ...Object.fromEntries(fields.map((field) => [field.dataset.field, field])) };
  write(card.name, connection);
  article.setAttribute('aria-label', connection);
  card.reconnect.href = `/link/${connection}`;
  card.copy.ariaLabel = `Copy the expression of ${connection}`;
  card.rotate.ariaLabel = `Rotate now: ${connection}`;
  card.copy.onclick = () => copy(expression);
  card.rotate.onclick = () => press(card.rotate, `rotate/${connection}`);
  card.revoke.ariaLabel = `Revoke refresh token: ${connection}`;
  card.revoke.onclick = () => press(card.revoke, `revoke/${connection}`);
  const next = [...cards.keys()].sort().find((name) => name > connection);
  byId('connections').insertBefore(article, cards.get(next)?.article ?? null);
  cards.set(connection, card);
  return card;
}

/** A stack that was restarted has none of its earlier connections. */
function removeCardsExcept(connections) {
  const names = new Set(connections.map(({ connection }) => connection));
  for (const [name, { article }] of cards) {
    if (names.has(name)) continue;
    article.remove();
    cards.delete(name);
  }
}

async function copy(expression) {
  try {
    await navigator.clipboard.writeText(expression);
    announce(`Copied: ${expression}`);
  } catch {
    announce('The browser does not allow copying. Select the expression and copy it.');
  }
}

async function press(button, path) {
  button.disabled = true;
  try {
    const response = await fetch(`/${path}`, { method: 'POST' });
    const { message, action = '' } = await response.json();
    announce(`${message} ${action}`.trim());
  } catch {
    announce('The local stack is not running. Run npm start again.');
  }
  button.disabled = false;
}

function eventItem({ event, at, connection, text }) {
  const item = document.createElement('li');
  item.className = event;
  const time = document.createElement('time');
  time.dateTime = timestamp(at);
  time.textContent = clockTime(at);
  const title = document.createElement('strong');
  title.textContent = `${connection} ${event}`.trim();
  const description = document.createElement('p');
  description.textContent = text;
  item.append(time, title, description);
  return item;
}

function announce(text) {
  write(byId('announcement'), text);
  clearTimeout(announcementTimer);
  announcementTimer = setTimeout(() => write(byId('announcement'), ''), ANNOUNCEMENT_MILLISECONDS);
}

/** Sets the element's text. Leaves an equal text alone, because a change would clear the user's selection. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const timestamp = (at) => new Date(at * 1000).toISOString();
const clockTime = (at) => timestamp(at).slice(11, 19);
const duration = (seconds) => (seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`);
