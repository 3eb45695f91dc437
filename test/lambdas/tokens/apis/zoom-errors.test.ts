import { describe, expect, test } from '@jest/globals';
import { ZOOM_ERRORS, type ZoomRequest } from '../../../../lambdas/tokens/apis/zoom-errors.ts';
import { parseTokenResponse } from '../../../../lambdas/tokens/apis/zoom-responses.ts';
import type { FailureClass } from '../../../../lambdas/tokens/errors.ts';

type Grant = Exclude<ZoomRequest, 'revocation'>;

/** The page developers.zoom.us/docs/integrations/oauth-error-messages, and what each of its errors is for a refresh. */
const DOCUMENTED: [codes: number[], text: string, FailureClass][] = [
  [[4700], '', 'retry'],
  [[4700], 'Token cannot be empty.', 'retry'],
  [[4702, 4704], 'Invalid client.', 'misconfigured'],
  [[4702, 4704], 'Invalid client secret.', 'misconfigured'],
  [[4702, 4704], 'Client ID does not match authenticated client.', 'misconfigured'],
  [[4705], 'Grant type is not supported from token endpoint.', 'misconfigured'],
  [[4706], 'Client ID or client secret is missing.', 'misconfigured'],
  [[4706], 'Missing grant type.', 'misconfigured'],
  [[4709], 'Redirect URI mismatch.', 'misconfigured'],
  [[4711], 'Refresh token invalid.', 'reconnect'],
  [[4717], 'The app has been disabled', 'misconfigured'],
  [[4724], 'Exception error message.', 'retry'],
  [[4732], 'Creating authorization code error.', 'retry'],
  [[4733], 'Code is expired', 'retry'],
  [[4734], 'Invalid authorization code.', 'retry'],
  [[4735], 'The owner of the token does not exist.', 'reconnect'],
  [[4737], 'Can not find the authentication for the access token.', 'reconnect'],
  [[4738], 'The token is disabled by admin.', 'reconnect'],
  [[4740], 'The token ID is out of the token tolerance range.', 'reconnect'],
  [[4741], 'The token has been revoked.', 'reconnect'],
];
/** Texts without a number. */
const SEEN: typeof DOCUMENTED = [
  [[], 'Invalid Token!', 'reconnect'],
  [[], 'Invalid client_id or client_secret', 'misconfigured'],
  [[], 'unsupported grant type', 'misconfigured'],
  [[], 'Invalid Account Id.', 'misconfigured'],
  [[], 'Account does not exist', 'misconfigured'],
  [[], 'Invalid authorization code mk1Cq8Pap6', 'retry'],
];
const ALL = [...DOCUMENTED, ...SEEN];

/** The class that a refresh's class becomes for the other grants. A code is never worth a second try. */
const classFor = (grant: Grant, ofRefresh: FailureClass): FailureClass => {
  if (ofRefresh === 'misconfigured' || grant === 'refresh_token') return ofRefresh;
  if (grant === 'authorization_code') return 'rejected';
  return ofRefresh === 'reconnect' ? 'misconfigured' : ofRefresh;
};

const classify = async (body: unknown, status: number, grant: Grant = 'refresh_token') =>
  parseTokenResponse(Response.json(body, { status }), { grant, sentAt: 0, warn: () => {} }).then(
    () => 'granted',
    (error) => error.class as FailureClass,
  );

/** The bodies in which an error has been seen, or may be expected. */
function bodies(codes: number[], text: string): Record<string, object> {
  const [code] = codes;
  return {
    ...(text !== '' && {
      reason: { reason: text },
      'reason and error': { reason: text, error: 'invalid_request' },
      'reason and a contradicting error': { reason: text, error: 'invalid_scope' },
      error: { error: text },
      error_description: { error: 'invalid_request', error_description: text },
    }),
    ...(code !== undefined && {
      'a number': { code },
      'a numeric string': { code: String(code) },
      'errorCode alone': { status: false, errorCode: code },
      'a number with other words': { code, message: 'Something else happened.' },
    }),
    'code and message': { ...(code !== undefined && { code }), message: text },
    'errorCode and errorMessage': {
      status: false,
      ...(code !== undefined && { errorCode: code }),
      errorMessage: text,
      result: null,
    },
    'a numeric errorCode': {
      status: false,
      ...(code !== undefined && { errorCode: String(code) }),
      errorMessage: text,
    },
    'a nested error': { error: { ...(code !== undefined && { code }), message: text } },
  };
}

const GRANTS: Grant[] = ['refresh_token', 'authorization_code', 'account_credentials'];
const cases = ALL.flatMap(([codes, text, ofRefresh]) =>
  GRANTS.map((grant) => [codes.join(', ') || 'no number', text, grant, classFor(grant, ofRefresh)] as const),
);

describe('every error that Zoom documents or was seen to send has one class', () => {
  test.each(cases)(
    '%s "%s" to %s is %s in every shape, with 400 and 401',
    async (_, text, grant, expected) => {
      const [codes] = ALL.find(([, each]) => each === text) ?? [[]];
      const variants = [
        text,
        text.toLowerCase(),
        text.toUpperCase(),
        text.replace(/[.!]$/, ''),
        ` ${text}  `,
      ];
      for (const code of codes.length > 0 ? codes : [undefined])
        for (const variant of variants)
          for (const [shape, body] of Object.entries(bodies(code === undefined ? [] : [code], variant)))
            for (const status of [400, 401])
              expect([shape, variant, status, await classify(body, status, grant)]).toEqual([
                shape,
                variant,
                status,
                expected,
              ]);
    },
  );

  test.each(cases)('%s "%s" to %s means nothing with 429, 500 or 503', async (codes, text, grant) => {
    for (const status of [429, 503]) expect(await classify({ reason: text }, status, grant)).toBe('retry');
    const told = { code: Number.parseInt(codes, 10) || undefined, message: text };
    expect(await classify(told, 500, grant)).toBe(grant === 'authorization_code' ? 'rejected' : 'retry');
  });
});

test('the table has every number of the page, and no other', () => {
  const numbers = (rows: readonly (readonly number[])[]) => [...new Set(rows.flat())].sort();
  expect(numbers(ZOOM_ERRORS.map(({ codes }) => codes))).toEqual(numbers(DOCUMENTED.map(([codes]) => codes)));
});

test('each row of the table has a source, and says something that a person can do', () => {
  for (const row of ZOOM_ERRORS) {
    expect(row.codes.length + row.texts.length).toBeGreaterThan(0);
    for (const sentence of [row.source, row.message, row.action]) expect(sentence).toMatch(/\w/);
  }
});

test('words count before a number, a number before the error of OAuth', async () => {
  const revoked = 'The token has been revoked.';
  expect(await classify({ code: 4700, message: revoked }, 400)).toBe('reconnect');
  expect(await classify({ code: 4702, reason: revoked, error: 'invalid_client' }, 400)).toBe('reconnect');
  expect(await classify({ code: 4741, reason: 'New words.', error: 'invalid_client' }, 400)).toBe(
    'reconnect',
  );
  expect(await classify({ reason: 'New words.', error: 'invalid_client' }, 400)).toBe('misconfigured');
});

test('a refused scope is no refused token, whatever its number', async () => {
  for (const code of [4700, 104, 4711, undefined])
    expect(await classify({ code, message: 'Invalid access token, does not contain scopes' }, 400)).toBe(
      'retry',
    );
});

test('a refusal in unknown words is retried, and its number is told', async () => {
  const response = Response.json({ code: 4799, message: 'sEcReT' }, { status: 400 });
  const request = { grant: 'refresh_token', sentAt: 0, warn: () => {} } as const;
  await expect(parseTokenResponse(response, request)).rejects.toMatchObject({
    class: 'retry',
    code: 'zoom_refused',
    message: 'Zoom refused the request (400, code 4799) without a known reason.',
  });
});
