/** The cards of the connections. */

import { showLanes } from './lanes.js';
import { press, say } from './panel.js';
import { byId, clockTime, duration, write } from './text.js';

/** What `npm start` says about the connections that it introduces. */
const SAMPLES = {
  main: 'The Zoom account of a person, who allowed it once, in a browser. Zoom gave a token for an hour, and a refresh token: it gets the next two, and works once.',
  reports:
    'A company’s own app at Zoom, of the kind Server-to-Server. No person is needed: with its own secret, the app gets a token for an hour as often as it asks.',
};

const GRANTS = {
  authorization_code: 'The Zoom account of a person',
  account_credentials: 'A Server-to-Server app',
};

const cards = new Map();

/** Shows the connections of a state in their order, and removes the cards of all others. */
export function showCards(state) {
  const names = new Set(state.connections.map(({ connection }) => connection));
  for (const [name, { article }] of cards) {
    if (names.has(name)) continue;
    article.remove();
    cards.delete(name);
  }
  const list = byId('connections');
  state.connections.forEach((connection, index) => {
    const card = cards.get(connection.connection) ?? addCard(connection);
    // A move would take the focus away, so a card in its place stays.
    if (list.children[index] !== card.article) list.insertBefore(card.article, list.children[index] ?? null);
    showConnection(card, connection, state);
  });
}

function showConnection(card, connection, { now, speed, breakage }) {
  const { status, sees, lastError, validUntil, publishedVersion } = connection;
  const isUser = connection.grantType === 'authorization_code';

  write(card.status, sees.text);
  card.status.className = `status ${sees.tone}`;
  write(
    card.kind,
    SAMPLES[connection.connection] ?? `${GRANTS[connection.grantType]} (app “${connection.app}”)`,
  );
  card.error.hidden = !lastError;
  if (lastError) {
    write(card.message, lastError.message);
    // The action is that of every connection with this error.
    write(card.action, lastError.action.replaceAll('<connection>', connection.connection));
  }
  showBar(card, connection, now);
  write(card.next, nextRenewal(connection, now, speed));
  write(card.token, tokenText(connection));
  for (const part of [card.expressionTitle, card.paste]) part.hidden = connection.expression === undefined;
  write(card.expression, connection.expression ?? '');
  card.rotate.hidden = status === 'reconnect' || status === 'disconnected';
  card.reconnect.hidden = !card.rotate.hidden || !isUser;
  card.revoke.hidden = !breakage || status !== 'active' || !isUser;
  showLanes(card, connection.calls);

  const isNew = card.version !== undefined && publishedVersion > card.version && validUntil > now;
  if (isNew) {
    card.article.classList.remove('refilled');
    requestAnimationFrame(() => card.article.classList.add('refilled'));
  }
  card.version = publishedVersion;
}

function showBar(card, connection, now) {
  const { status, sees, isUnlinked, validUntil, expiresAt, rotatedAt } = connection;
  const rotation = nextRotation(connection);
  card.validity.hidden = isUnlinked;
  const lifetime = expiresAt - rotatedAt;
  card.bar.max = lifetime;
  card.bar.value = Math.max(0, validUntil - now);
  card.bar.ariaValueText = sees.text;
  const isScheduled = !isUnlinked && status === 'active' && rotation > now && rotation < validUntil;
  card.mark.hidden = !isScheduled;
  card.nextTitle.className = isScheduled ? 'legend' : '';
  if (isScheduled) card.mark.style.left = `${(100 * (validUntil - rotation)) / lifetime}%`;
}

function tokenText({ maskedToken, publishedVersion, secretName, targets, isUnlinked }) {
  if (isUnlinked) return 'nothing: it has no secret, and it is linked to no n8n';
  if (secretName === undefined) return pushedText(targets);
  if (publishedVersion === 0) return 'no token yet';
  return maskedToken
    ? `${maskedToken} (token no. ${publishedVersion})`
    : 'nothing: the secret cannot be read';
}

function pushedText(targets) {
  return targets
    .map(({ instance, pushedVersion }) => `token no. ${pushedVersion}, pushed to the n8n “${instance}”`)
    .join('; ');
}

/** As `nextRotation` of lambdas/tokens/reader-view.ts, which a browser cannot load. */
const nextRotation = ({ dueAt, nextRotationAt = dueAt }) => nextRotationAt;

function nextRenewal(connection, now, speed) {
  const { status } = connection;
  const rotation = nextRotation(connection);
  if (status === 'reconnect' || status === 'disconnected') return 'after it is connected again';
  if (rotation <= now) return 'within a minute';
  const real = speed === 1 ? '' : `; ${Math.ceil((rotation - now) / speed)} s in real time`;
  return `${clockTime(rotation)}, in ${duration(rotation - now)}${real}`;
}

function addCard({ connection }) {
  const article = byId('connection').content.firstElementChild.cloneNode(true);
  const fields = [...article.querySelectorAll('[data-field]')];
  const card = { article, ...Object.fromEntries(fields.map((field) => [field.dataset.field, field])) };
  write(card.name, connection);
  article.setAttribute('aria-label', connection);
  card.reconnect.href = `/link/${connection}`;
  for (const button of [card.rotate, card.revoke]) button.ariaLabel = `${button.textContent}: ${connection}`;
  card.copy.ariaLabel = `Copy the expression of ${connection}`;
  card.copy.onclick = () => copy(card.expression.textContent);
  card.rotate.onclick = () => press(card.rotate, `rotate/${connection}`);
  card.revoke.onclick = () => press(card.revoke, `revoke/${connection}`);
  cards.set(connection, card);
  return card;
}

async function copy(expression) {
  try {
    await navigator.clipboard.writeText(expression);
    say(`Copied: ${expression}`);
  } catch {
    say('The browser does not allow copying. Select the expression and copy it.');
  }
}
