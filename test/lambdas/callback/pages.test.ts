import { describe, expect, test } from '@jest/globals';
import { DEFAULT_NAME } from '../../../lambdas/contract.ts';
import { askerFrom, parseEnvironment } from '../../../lambdas/environment.ts';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { Failure } from '../../../lambdas/tokens/errors.ts';
import { connectedPage } from '../../../lambdas/web/connected-page.ts';
import { errorPage } from '../../../lambdas/web/error-page.ts';
import { linkPage } from '../../../lambdas/web/link-page.ts';
import { readPage } from '../../support/browser/read-page.ts';
import { HOSTILE } from '../../support/services/bad-input.ts';

const item: Connection = {
  connection: 'main',
  app: 'default',
  grantType: 'authorization_code',
  status: 'active',
  dueAt: 0,
  generation: 1,
  version: 1,
  publishedVersion: 1,
  sealedTokens: 'sealed',
  expiresAt: 1_900_000_000,
  validUntil: 1_900_000_000,
  consentedAt: 0,
  consentId: 'consent',
  rotatedAt: 0,
  failures: 0,
  overlap: 'unknown',
};
const outcome = { kind: 'settled', item, rotated: false, published: true } as const;
const consent = { item, user: undefined, outcome, requested: 'main', forMe: true };
const options = { asker: {}, now: 1_899_999_000 };
const ENVIRONMENT = {
  TABLE_NAME: 'table',
  APP_SECRETS: '{"default":"app"}',
  PUBLIC_URL: 'https://zoom.example.com',
  RESCUE_BUCKET: 'bucket',
};
const TAGS = /<script>alert|<img/;

describe('text from outside is escaped', () => {
  test('in a message and in an action', () => {
    const { body = '' } = errorPage(new Failure('rejected', 'zoom_refused', HOSTILE, HOSTILE));
    expect(readPage(body).paragraphs).toEqual([HOSTILE, HOSTILE]);
    expect(body).not.toMatch(TAGS);
  });

  test("in a Zoom user's name", () => {
    const { body = '' } = connectedPage({ ...consent, user: { id: 'u', name: HOSTILE } }, options);
    expect(body).toContain('<dd>&lt;script&gt;');
    expect(body).not.toMatch(TAGS);
  });
});

test('a command on a page names the installation, unless it is the default one', () => {
  const action = 'Ask for a link made with: npx zoom-tokens connect main --replace-user';
  const failure = new Failure('rejected', 'other_user', 'Another user.', action);
  const commandFor = (installation: string) => {
    const variables = { ...ENVIRONMENT, INSTALLATION_NAME: installation };
    const { body = '' } = errorPage(failure, askerFrom(parseEnvironment(variables)));
    return /npx [^<]*/.exec(body)?.[0];
  };
  expect(commandFor('zoom')).toBe('npx zoom-tokens --name zoom connect main --replace-user');
  expect(commandFor(DEFAULT_NAME)).toBe('npx zoom-tokens connect main --replace-user');
});

describe('the page of a connection without a secret', () => {
  const unlinked: Connection = { ...item, place: 'none' };
  const paragraphsOf = (shown: Connection, forMe: boolean) => {
    const published = { ...consent, item: shown, forMe, outcome: { kind: 'nothing' } as const };
    return readPage(connectedPage(published, options).body ?? '').paragraphs;
  };

  test('tells its maker to link it, and no expression', () => {
    const paragraphs = paragraphsOf(unlinked, true);
    expect(paragraphs).toContain('The tokens are stored. No n8n has the access token yet.');
    expect(paragraphs).toContain(
      'The access token is only pushed to n8n: link it with “npx zoom-tokens n8n link main”.',
    );
    expect(connectedPage({ ...consent, item: unlinked }, options).body).not.toContain('$secrets');
  });

  test('tells a Zoom user that n8n uses the account once it is linked, and within a minute if it is', () => {
    const target = { instance: 'office', credentialId: 'a', pushedVersion: 1, failures: 0 };
    expect(paragraphsOf(unlinked, false)[1]).toMatch(/^n8n will use your Zoom account .* “main”\./);
    expect(paragraphsOf({ ...unlinked, targets: [target] }, false)[1]).toMatch(
      /^n8n will use your Zoom account .* “main”, within a minute\./,
    );
  });
});

describe('the Zoom user on the page of a connection', () => {
  test.each([
    ['the name', { id: 'AdaLovelace', name: 'Ada' }, 'Ada'],
    ['the id without a name', { id: 'AdaLovelace' }, 'AdaLovelace'],
    ['that the user is unknown', undefined, 'unknown: the Zoom app has no scope for it'],
  ])('is shown as %s', (_, user, shown) => {
    expect(connectedPage({ ...consent, user }, options).body).toContain(
      `<dt>Zoom user</dt><dd>${shown}</dd>`,
    );
  });
});

describe('the scopes on the page of a connection', () => {
  const bodyFor = (scope: string) => connectedPage({ ...consent, item: { ...item, scope } }, options).body;

  test('are listed if they are missing, with the operations of n8n that fail', () => {
    expect(bodyFor('user:read:user meeting:read')).toContain(
      'fail without their scopes: meeting:write:meeting (Meeting: Create), meeting:update:meeting (Meeting: Update), meeting:delete:meeting (Meeting: Delete).',
    );
  });

  test('are not mentioned if none is missing, or if Zoom named none', () => {
    expect(bodyFor('user:read meeting:read meeting:write')).not.toContain('scope that n8n');
    expect(connectedPage(consent, options).body).not.toContain('scope that n8n');
  });
});

test('the page of a retryable failure lets the browser wait 60 seconds unless Zoom gave a time', () => {
  const waiting = errorPage(new Failure('retry', 'zoom_unavailable', 'm', 'a'));
  expect(waiting).toMatchObject({ statusCode: 503, headers: { 'Retry-After': '60' } });
});

describe('who asks, and whom to ask', () => {
  const asker = { name: 'Acme <Automation>', contact: 'it@acme.example' };
  const link = {
    ...{ id: 'id', connection: 'main', app: 'sales', replaceUser: false, forMe: false, keyId: 'key' },
    ...{ createdAt: 0, expiresAt: 1_900_000_000 },
  };
  const pageOf = (now: number) => linkPage(link, { asker, zoomOrigin: 'https://zoom.us', now }).body ?? '';

  test('stands on the page of a link, escaped, with an app that is not the default one', () => {
    const body = pageOf(1_899_700_000);
    expect(readPage(body).title).toBe('Acme <Automation> asks to connect your Zoom account');
    expect(body).toContain('<dt>Asked by</dt><dd>Acme &lt;Automation&gt;</dd>');
    expect(body).toContain('<dt>Zoom app</dt><dd>sales</dd>');
    expect(body).toContain('href="mailto:it@acme.example?subject=Connecting%20Zoom"');
    expect(body).toContain('<header>Acme &lt;Automation&gt;</header>');
  });

  test.each([
    [1_899_999_970, 'in less than a minute'],
    [1_899_999_940, 'in 1 minute'],
    [1_899_996_400, 'in 60 minutes'],
    [1_899_800_000, 'in 2 days'],
  ])('the expiry is relative too, at %d', (now, text) => {
    expect(pageOf(now)).toContain(`UTC</time> (${text})</dd>`);
  });

  test('leads on from a page that needs a new link, to a mail or to a page', () => {
    const used = new Failure('rejected', 'ticket_used', 'This link was already used.', 'Ask for a new one.');
    expect(errorPage(used, asker).body).toContain(
      '<a class="button" href="mailto:it@acme.example?subject=A%20new%20link%20to%20connect%20Zoom">Ask for a new link</a>',
    );
    const page = errorPage(used, { contact: 'https://help.acme.example/zoom' }).body;
    expect(page).toContain('<a class="button" href="https://help.acme.example/zoom">Ask for a new link</a>');
    expect(page).toContain('>help.acme.example/zoom</a></footer>');
    expect(errorPage(used).body).not.toContain('class="button"');
  });

  test('has curly quotation marks and apostrophes, and no first sentence that repeats its title', () => {
    const declined = new Failure(
      'rejected',
      'consent_declined',
      'You declined at Zoom. "main" is nobody\'s.',
      'a',
    );
    const { body } = errorPage(declined);
    expect(body).toContain('<h1>You declined at Zoom</h1>\n<p>“main” is nobody’s.</p>');
  });

  test('leaves JSON as it has to be pasted', () => {
    const broken = new Failure(
      'misconfigured',
      'secret_unusable',
      'm',
      'Write {"client_id":"…"} for "main" again.',
    );
    const { body } = errorPage(broken);
    expect(body).toContain('Write {&quot;client_id&quot;:&quot;…&quot;} for “main” again.');
  });

  test('leads on from a page that a reload may clear', () => {
    const waiting = new Failure('retry', 'zoom_unavailable', 'm', 'a');
    expect(errorPage(waiting).body).toContain('<a class="button" href="">Try again</a>');
  });
});
