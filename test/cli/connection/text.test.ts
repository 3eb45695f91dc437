import { describe, expect, test } from '@jest/globals';
import { formatList } from '../../../cli/commands/status/list.ts';
import { formatEvent } from '../../../cli/connection/history-text.ts';
import { exitStatusOf, remarks } from '../../../cli/connection/remarks.ts';
import { formatDetails } from '../../../cli/connection/text.ts';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import { N8N_OPERATIONS } from '../../../lambdas/tokens/n8n-scopes.ts';

const NOW = 1_800_000_000;
const DAYS = 24 * 3600;

const formatOverview = (connections: ConnectionView[], now: number, columns?: number) =>
  formatList({ connections, now }, { columns });

const MAIN: ConnectionView = {
  connection: 'main',
  app: 'default',
  grantType: 'authorization_code',
  status: 'active',
  dueAt: NOW + 1800,
  generation: 1,
  version: 2,
  publishedVersion: 2,
  expiresAt: NOW + 3000,
  validUntil: NOW + 3000,
  consentedAt: NOW - 600,
  rotatedAt: NOW - 600,
  failures: 0,
  overlap: 'yes',
  secretName: 'n8n_zoom_main',
  expression: '{{ $secrets.aws.n8n_zoom_main }}',
};

test('the details of a disconnected connection name no secret, expression and refresh token, which are gone', () => {
  const text = formatDetails({ ...MAIN, status: 'disconnected', validUntil: 0 }, NOW);
  expect(text).not.toMatch(/n8n_zoom_main|Refresh token|Overlap/);
});

test('the next rotation is that of the token, and not a step that is due before', () => {
  const view: ConnectionView = { ...MAIN, dueAt: NOW + 60, nextRotationAt: NOW + 2700 };
  expect(formatDetails(view, NOW)).toMatch(/^Next rotation +45 min$/m);
  expect(formatOverview([view], NOW)).toContain('45 min');
});

test('a connection whose app was taken out of the deployment says so before its next rotation fails', () => {
  const view: ConnectionView = { ...MAIN, app: 'old', appMissing: true };
  expect(remarks(view, NOW)).toEqual([
    {
      exitStatus: 4,
      message: expect.stringMatching(
        /^Its Zoom app "old" was taken out of the deployment, so the next rotation fails\. n8n's token is valid until/,
      ),
      action: expect.stringMatching(
        /Add "old" to "apps".*zoom-tokens setup old\. .*zoom-tokens disconnect main$/,
      ),
    },
  ]);
  expect(exitStatusOf([view], NOW)).toBe(4);
});

test('an old place shows when it ends, in local time and relative', () => {
  const view: ConnectionView = { ...MAIN, oldPlaces: [{ place: 'bundle_sales', until: NOW + 1800 }] };
  expect(formatDetails(view, NOW)).toMatch(
    /Old place +the bundle "sales", kept current until \d\d:\d\d \(in 30 min\)/,
  );
});

test('every time in the status of a connection is by one clock, the installation’s', () => {
  const view: ConnectionView = { ...MAIN, oldPlaces: [{ place: 'own', until: MAIN.validUntil }] };
  const [, until = ''] = /^Valid +\d+ min, until (\d\d:\d\d)$/m.exec(formatDetails(view, NOW)) ?? [];
  expect(formatDetails(view, NOW)).toContain(`kept current until ${until} (in 50 min)`);
  const event = {
    kind: 'moved',
    at: MAIN.validUntil,
    lastAt: MAIN.validUntil,
    count: 1,
    message: 'Moved',
  } as const;
  expect(formatEvent(event, NOW)).toContain(`${until}: Moved`);
});

test.each([
  [
    { until: NOW + 1800, waitsUntil: NOW + 600 },
    /the bundle "sales", kept until .* \(in 30 min\)\. It holds an earlier token until .* \(in 10 min\): its secret is not written/,
  ],
  [
    { until: NOW - 1, waitsUntil: NOW + 600 },
    /Old place +the bundle "sales"\. It holds the token until .* \(in 10 min\): its secret is not written before/,
  ],
  [{ until: NOW + 1800, waitsUntil: NOW }, /the bundle "sales", kept current until .* \(in 30 min\)/],
])('an old place whose secret is not written now says what it holds and until when', (times, text) => {
  const view: ConnectionView = { ...MAIN, oldPlaces: [{ place: 'bundle_sales', ...times }] };
  expect(formatDetails(view, NOW)).toMatch(text);
});

describe('the 90 days of a refresh token', () => {
  test('a consent of 80 days gets a warning, which needs no action yet', () => {
    const view = { ...MAIN, consentedAt: NOW - 80 * DAYS };
    expect(remarks(view, NOW)).toEqual([
      {
        exitStatus: 0,
        message: expect.stringContaining('The consent is 80 d old.'),
        action: 'Consent again before it expires: npx zoom-tokens connect main',
      },
    ]);
  });

  test.each([
    ['of 75 days', 75],
    ['that is older than 90 days, because its rotations renew it,', 91],
  ])('a consent %s gets no warning', (_, days) => {
    expect(remarks({ ...MAIN, consentedAt: NOW - days * DAYS }, NOW)).toEqual([]);
  });

  test('a refresh token of 76 days that no rotation has replaced needs action', () => {
    const view = { ...MAIN, rotatedAt: NOW - 76 * DAYS, consentedAt: NOW - 200 * DAYS };
    expect(remarks(view, NOW)).toMatchObject([
      { exitStatus: 1, message: expect.stringContaining('76 d old') },
    ]);
  });

  test('a Server-to-Server connection gets no warning about the age of a refresh token', () => {
    const view: ConnectionView = { ...MAIN, grantType: 'account_credentials', consentedAt: NOW - 80 * DAYS };
    expect(remarks(view, NOW)).toEqual([]);
  });
});

describe('an earlier token that a rotation revokes', () => {
  const revoking: ConnectionView = { ...MAIN, overlap: 'no' };

  test('a rotation that revokes the earlier token gets a warning that says what closes the gap', () => {
    expect(remarks(revoking, NOW)).toEqual([
      {
        exitStatus: 0,
        message: expect.stringMatching(/n8n holds a revoked one until its next poll: up to 5 min/),
        action: expect.stringMatching(/N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=30 .* zoom-tokens n8n link main/),
      },
    ]);
  });

  test('a rotation that revokes the earlier token gets no warning where the token is pushed', () => {
    const target = { instance: 'office', credentialId: 'c', pushedVersion: 2, failures: 0 };
    expect(remarks({ ...revoking, targets: [target] }, NOW)).toEqual([]);
  });
});

describe('the scopes that Zoom granted', () => {
  const all = N8N_OPERATIONS.map(({ scope }) => scope).join(' ');

  test('get no warning if none is missing, or if Zoom named none', () => {
    for (const scope of [all, 'user:read meeting:read meeting:write'])
      expect(formatDetails({ ...MAIN, scope }, NOW)).toBe(formatDetails(MAIN, NOW));
    expect(formatDetails(MAIN, NOW)).not.toContain('scope');
  });

  test('get a warning in the details that lists the missing ones and the operations that fail', () => {
    const view = { ...MAIN, scope: all.replace('meeting:delete:meeting', '') };
    const text = formatDetails(view, NOW);
    expect(text).toContain('fail without their scopes: meeting:delete:meeting (Meeting: Delete).');
    expect(text).toContain('zoom-tokens connect main.');
    expect(formatOverview([view], NOW)).not.toContain('scope');
    expect(exitStatusOf([view], NOW)).toBe(0);
  });

  test('of a Server-to-Server app end with :admin, and come with the next token', () => {
    const view: ConnectionView = { ...MAIN, grantType: 'account_credentials', scope: 'user:read:user:admin' };
    expect(formatDetails(view, NOW)).toContain('meeting:write:meeting:admin (Meeting: Create)');
    expect(formatDetails(view, NOW)).toContain('zoom-tokens rotate main.');
  });
});

describe('two connections of one Zoom user', () => {
  const ada = { ...MAIN, zoomUserId: 'ada' };
  const second = { ...ada, connection: 'second', consentedAt: NOW - 60 };

  test('get a warning with the older one to disconnect', () => {
    expect(formatOverview([ada, second], NOW)).toMatch(
      /! "main" and "second" were connected by the same Zoom user\..*\n {2}Disconnect the other: zoom-tokens disconnect main\.$/m,
    );
  });

  test.each<[string, Partial<ConnectionView>]>([
    ['another app', { app: 'reports' }],
    ['another user', { zoomUserId: 'grace' }],
    ['the state disconnected', { status: 'disconnected' }],
  ])('get no warning if one has %s', (_, changed) => {
    expect(formatOverview([ada, { ...second, ...changed }], NOW)).not.toContain('same Zoom user');
  });

  test('get no warning if the users are unknown', () => {
    expect(formatOverview([MAIN, { ...MAIN, connection: 'second' }], NOW)).not.toContain('same Zoom user');
  });
});

test('the exit status for a lost consent outranks that for a broken app, and both outrank the rest', () => {
  const expired: ConnectionView = { ...MAIN, validUntil: NOW - 1 };
  const broken: ConnectionView = { ...MAIN, status: 'misconfigured' };
  const lost: ConnectionView = { ...MAIN, status: 'reconnect' };
  expect(exitStatusOf([MAIN], NOW)).toBe(0);
  expect(exitStatusOf([MAIN, expired], NOW)).toBe(1);
  expect(exitStatusOf([expired, broken], NOW)).toBe(4);
  expect(exitStatusOf([expired, broken, lost], NOW)).toBe(3);
});

describe('the table of connections', () => {
  const widest: ConnectionView = {
    ...MAIN,
    connection: 'a'.repeat(40),
    status: 'misconfigured',
    validUntil: NOW + 119 * 60,
    dueAt: NOW + 119 * 60,
    rotatedAt: NOW - 119 * 60,
    consentedAt: NOW - 119 * 60,
  };
  const rows = (text: string) => text.split('\n\n')[0]?.split('\n') ?? [];

  test.each([60, 80, 200])('the table fits %i columns without breaking a long name', (columns) => {
    const table = rows(formatOverview([widest], NOW, columns));
    expect(table).toHaveLength(2);
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(table[1]).toContain('a'.repeat(40));
    expect(table[0]).toContain('State');
  });

  test('the table keeps a long name on one line in a pipe', () => {
    expect(rows(formatOverview([widest], NOW))).toHaveLength(2);
  });

  test('the table shows an expired token', () => {
    expect(rows(formatOverview([{ ...MAIN, validUntil: NOW }], NOW))[1]).toContain('  expired  ');
  });
});

describe('a connection whose token in n8n has expired', () => {
  const at = (minutes: number) =>
    new Date((NOW + minutes * 60) * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const lastError = {
    class: 'retry',
    code: 'zoom_unavailable',
    message: 'Zoom is unavailable (HTTP 503).',
    action: 'Nothing to do.',
    at: NOW - 60,
  } as const;
  const failing: ConnectionView = {
    ...MAIN,
    failures: 4,
    lastError,
    dueAt: NOW + 5 * 60,
    validUntil: NOW - 10 * 60,
  };

  test('status says what fails, when the next retry is, and since when n8n has no valid token', () => {
    const details = formatDetails(failing, NOW);
    expect(details).toContain(
      `Zoom is unavailable (HTTP 503). Next retry at ${at(5)}. n8n's token expired at ${at(-10)}, so its Zoom nodes fail until then.\n  The sweeps go on. To retry now: npx zoom-tokens rotate main`,
    );
    expect(details).toMatch(/^Valid +expired, since \d\d:\d\d$/m);
    expect(details).toMatch(/^Failed attempts +4 in a row$/m);
  });

  test('status never calls it active', () => {
    for (const view of [failing, { ...MAIN, validUntil: NOW }, { ...MAIN, validUntil: 0 }]) {
      expect(formatDetails(view, NOW)).not.toMatch(/active/);
      expect(formatOverview([view], NOW)).not.toMatch(/active/);
    }
  });

  test('status of a misconfigured connection says the same', () => {
    const [remark] = remarks({ ...failing, status: 'misconfigured' }, NOW);
    expect(remark?.message).toBe(
      `Zoom is unavailable (HTTP 503). n8n's token expired at ${at(-10)}, so its Zoom nodes fail.`,
    );
  });
});

test('status shows a connection that Zoom refused once as a suspect, with the time of the next check', () => {
  const lastError = {
    class: 'retry',
    code: 'suspect',
    message: 'm',
    action: 'Nothing to do.',
    at: NOW,
  } as const;
  const suspect = { ...MAIN, failures: 1, refusals: 1, suspectSince: NOW, lastError, dueAt: NOW + 300 };
  expect(formatDetails(suspect, NOW)).toMatch(/^State +suspect$/m);
  expect(remarks(suspect, NOW)[0]?.message).toMatch(
    /^Zoom refused the refresh token once; checked again at \d\d:\d\d\. n8n's token is valid until \d\d:\d\d\.$/,
  );
});

describe('the push to n8n', () => {
  const target = { instance: 'cloud', credentialId: 'k3J', pushedVersion: 1, failures: 0 };
  const lastError = {
    class: 'misconfigured',
    code: 'x',
    message: 'It refuses the key.',
    action: 'Link.',
    at: 0,
  };
  const pushed = (changes: object): ConnectionView =>
    Object.assign({ ...MAIN }, { targets: [{ ...target, ...changes }] });

  test('the details of a connection show the version that was pushed to n8n', () => {
    expect(formatDetails(pushed({}), NOW)).toMatch(
      /^Pushed to +n8n "cloud", credential k3J, which has version 1$/m,
    );
    expect(formatDetails(pushed({ pushedVersion: 2 }), NOW)).toMatch(/which has this version$/m);
  });

  test("the details of a connection show n8n's own test of a pushed credential", () => {
    const tested = { at: NOW - 120, ok: true, message: 'Connection successful!' };
    expect(formatDetails(pushed({ tested }), NOW)).toMatch(
      /^Tested by n8n +2 min ago: it can use the token$/m,
    );
    expect(formatDetails(pushed({ tested: { ...tested, ok: false } }), NOW)).toMatch(
      /^Tested by n8n +2 min ago: failed$/m,
    );
    expect(formatDetails(pushed({}), NOW)).not.toMatch(/Tested by n8n/);
  });

  test('the details of a connection show a credential that reads the published secret', () => {
    const tested = { at: NOW - 120, ok: true, message: 'Connection successful!' };
    const external = { instance: 'cloud', credentialId: 'k3J', tested };
    expect(formatDetails({ ...MAIN, externalCredentials: [external] }, NOW)).toMatch(
      /^Read by +n8n "cloud", credential k3J\nTested by n8n +2 min ago: it can use the token$/m,
    );
  });

  test("a failed test of n8n's is a warning that names what else can fail it", () => {
    const tested = { at: NOW, ok: false, message: 'Authorization failed' };
    expect(remarks(pushed({ tested }), NOW)).toEqual([
      {
        exitStatus: 0,
        message:
          'The n8n instance "cloud" tested the credential k3J, and the test failed: Authorization failed',
        action: expect.stringContaining('user:read:user'),
      },
    ]);
  });

  test('a push that fails needs action', () => {
    expect(remarks(pushed({ failures: 3, lastError }), NOW)).toEqual([
      {
        exitStatus: 4,
        message: 'Token not pushed to the n8n instance "cloud": It refuses the key.',
        action: 'Link.',
      },
    ]);
  });
});
