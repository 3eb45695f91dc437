import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  parseRevocationResponse,
  parseTokenResponse,
  parseUserResponse,
  sendFailure,
  type TokenRequest,
} from '../../../../lambdas/tokens/apis/zoom-responses.ts';
import { Failure } from '../../../../lambdas/tokens/errors.ts';

const SENT = 1_900_000_000;
const json = (body: unknown, status = 200, headers = {}) => Response.json(body, { status, headers });
let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
});
const read = (response: Response, grant: TokenRequest['grant'] = 'refresh_token') =>
  parseTokenResponse(response, { grant, sentAt: SENT, warn: (message) => void warnings.push(message) });
const failure = async (response: Response, grant?: TokenRequest['grant']): Promise<Failure> => {
  const error = await read(response, grant).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
};

describe('an answer with tokens', () => {
  test('becomes absolute instants, counted from when the request was sent', async () => {
    const answer = {
      access_token: 'a',
      token_type: 'bearer',
      refresh_token: 'r',
      expires_in: 3599,
      scope: 's',
      api_url: 'u',
    };
    expect(await read(json(answer))).toEqual({
      accessToken: 'a',
      refreshToken: 'r',
      expiresAt: SENT + 3599,
      scope: 's',
      apiUrl: 'u',
    });
  });

  test('may come without a refresh token, scope and API URL, as Server-to-Server answers do', async () => {
    expect(await read(json({ access_token: 'a', expires_in: 3600 }))).toEqual({
      accessToken: 'a',
      expiresAt: SENT + 3600,
    });
  });

  test.each([
    ['no lifetime', {}],
    ['a lifetime of null', { expires_in: null }],
    ['a lifetime of zero', { expires_in: 0 }],
    ['a lifetime in the past', { expires_in: -1 }],
    ['a lifetime of less than a minute', { expires_in: 59 }],
    ['a lifetime of more than two hours', { expires_in: 7201 }],
    ['a lifetime in milliseconds', { expires_in: 3_600_000 }],
    ['a lifetime beyond every date', { expires_in: 1e16 }],
    ['a lifetime without end', { expires_in: 'Infinity' }],
    ['a lifetime with a fraction', { expires_in: 3599.5 }],
    ['a lifetime in another notation', { expires_in: '0x100' }],
    ['a lifetime in words', { expires_in: 'soon' }],
    ['a lifetime that is empty', { expires_in: '' }],
    ['a lifetime that is a list', { expires_in: [600] }],
    ['a lifetime that is true', { expires_in: true }],
    ['a lifetime that is an object', { expires_in: { valueOf: 1, toString: 1 } }],
  ])('is kept in spite of %s: it counts as an hour, and a warning says so', async (_, oddity) => {
    const tokens = await read(json({ access_token: 'a', refresh_token: 'r', ...oddity }));
    expect(tokens).toMatchObject({ accessToken: 'a', refreshToken: 'r', expiresAt: SENT + 3600 });
    expect(warnings).toEqual([
      expect.stringMatching(/^Zoom's expires_in is no whole number .* counts as 3600/),
    ]);
  });

  test('is kept when its lifetime is no number at all, as NaN is in no JSON', async () => {
    await expect(read(new Response('{"access_token":"a","expires_in":NaN}'))).rejects.toMatchObject({
      class: 'retry',
    });
    expect(await read(json({ access_token: 'a', expires_in: 'NaN' }))).toMatchObject({
      expiresAt: SENT + 3600,
    });
  });

  test.each([60, 1200, 3599, 7200, '60', '3599', '7200'])(
    'lives for as long as Zoom says: expires_in %j is believed',
    async (expires_in) => {
      const tokens = await read(json({ access_token: 'a', expires_in }));
      expect(tokens.expiresAt).toBe(SENT + Number(expires_in));
      expect(warnings).toEqual([]);
    },
  );

  test('is never quoted in the warning about its lifetime', async () => {
    await read(json({ access_token: 'a', expires_in: 'sEcReT' }));
    expect(warnings.join()).not.toContain('sEcReT');
  });

  test('of any lifetime counts for a minute to two hours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (expires_in) => {
        const { expiresAt } = await read(json({ access_token: 'a', expires_in }));
        expect(expiresAt - SENT).toBeGreaterThanOrEqual(60);
        expect(expiresAt - SENT).toBeLessThanOrEqual(7200);
      }),
    );
  });

  test.each([
    ['a scope that is no text', { scope: ['a'] }],
    ['an API URL that is no text', { api_url: 7 }],
  ])('is kept in spite of %s: the new refresh token must not be lost', async (_, oddity) => {
    const tokens = await read(json({ access_token: 'a', refresh_token: 'r', expires_in: 3600, ...oddity }));
    expect(tokens).toEqual({ accessToken: 'a', refreshToken: 'r', expiresAt: SENT + 3600 });
  });
});

describe('a refusal is classed after what Zoom says', () => {
  test.each<[string, Response, Failure['class'], string]>([
    [
      '400 Invalid Token! (invalid_grant)',
      json({ reason: 'Invalid Token!', error: 'invalid_grant' }, 400),
      'reconnect',
      'invalid_token',
    ],
    [
      '401 Invalid Token! (invalid_grant)',
      json({ reason: 'Invalid Token!', error: 'invalid_grant' }, 401),
      'reconnect',
      'invalid_token',
    ],
    [
      '400 Invalid Token! (invalid_request)',
      json({ reason: 'Invalid Token!', error: 'invalid_request' }, 400),
      'reconnect',
      'invalid_token',
    ],
    [
      '401 Invalid Token! (invalid_request)',
      json({ reason: 'Invalid Token!', error: 'invalid_request' }, 401),
      'reconnect',
      'invalid_token',
    ],
    ['invalid_grant without a reason', json({ error: 'invalid_grant' }, 400), 'reconnect', 'invalid_token'],
    [
      'invalid_client',
      json({ reason: 'Invalid client_id or client_secret', error: 'invalid_client' }, 400),
      'misconfigured',
      'invalid_client',
    ],
    [
      'the same with 401',
      json({ reason: 'Invalid client_id or client_secret', error: 'invalid_request' }, 401),
      'misconfigured',
      'invalid_client',
    ],
    [
      'unsupported grant type',
      json({ reason: 'unsupported grant type', error: 'unsupported_grant_type' }, 400),
      'misconfigured',
      'unsupported_grant',
    ],
    [
      'Invalid Account Id',
      json({ reason: 'Invalid Account Id.', error: 'invalid_request' }, 400),
      'misconfigured',
      'invalid_account',
    ],
    [
      'Account does not exist',
      json({ reason: 'Account does not exist', error: 'invalid_request' }, 400),
      'misconfigured',
      'invalid_account',
    ],
    [
      'a redirect URL that differs',
      json({ reason: 'Redirect URI mismatch', error: 'invalid_request' }, 400),
      'misconfigured',
      'redirect_mismatch',
    ],
    [
      'invalid_request without a known reason',
      json({ error: 'invalid_request' }, 400),
      'retry',
      'zoom_refused',
    ],
    ['a JSON of something else', json({ hello: 'world' }, 400), 'retry', 'zoom_refused'],
    ['429', json({ reason: 'Invalid Token!', error: 'invalid_grant' }, 429), 'retry', 'rate_limited'],
    [
      '500, even with the words of a dead token',
      json({ reason: 'Invalid Token!', error: 'invalid_grant' }, 500),
      'retry',
      'zoom_unavailable',
    ],
    [
      '401 as HTML',
      new Response('<html>Invalid Token!</html>', { status: 401 }),
      'retry',
      'zoom_unavailable',
    ],
    ['400 with a list', json([], 400), 'retry', 'zoom_unavailable'],
    ['403 without a body', new Response(null, { status: 403 }), 'retry', 'zoom_unavailable'],
    [
      'a redirect',
      new Response(null, { status: 302, headers: { location: 'https://zoom.us/' } }),
      'retry',
      'zoom_unavailable',
    ],
    ['200 as HTML', new Response('<html></html>'), 'retry', 'zoom_unavailable'],
    ['200 with half a JSON', new Response('{"access_token":"a","refre'), 'retry', 'zoom_unavailable'],
    ['200 with nothing', new Response(''), 'retry', 'zoom_unavailable'],
    ['200 without an access token', json({ refresh_token: 'r' }), 'retry', 'zoom_unavailable'],
    [
      '200 with the error of a dead token',
      json({ status: false, errorCode: 4741, errorMessage: 'The token has been revoked.', result: null }),
      'reconnect',
      'invalid_token',
    ],
    [
      '200 with the error of a wrong client secret',
      json({ reason: 'Invalid client_id or client_secret', error: 'invalid_client' }),
      'misconfigured',
      'invalid_client',
    ],
    ['200 with an error that nobody knows', json({ error: 'teapot' }), 'retry', 'zoom_unavailable'],
  ])('%s', async (_, response, expectedClass, code) => {
    expect(await failure(response)).toMatchObject({ class: expectedClass, code });
  });

  test('no server error, whatever its body, ever asks for a human', async () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constant('{"reason":"Invalid Token!","error":"invalid_grant"}'),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 500, max: 599 }), body, async (status, text) => {
        expect((await failure(new Response(text, { status }))).class).toBe('retry');
      }),
    );
  });

  test.each([
    ['7', 7],
    ['0', 0],
    ['soon', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ])('Retry-After "%s" is %s seconds', async (header, seconds) => {
    for (const status of [429, 503]) {
      expect((await failure(json({}, status, { 'retry-after': header }))).retryAfter).toBe(seconds);
    }
  });

  test('and never quotes the answer', async () => {
    const secret = 'sEcReT-value';
    for (const status of [200, 400, 401, 429, 500]) {
      const error = await failure(json({ reason: secret, error: secret, refresh_token: secret }, status));
      expect(`${error.message} ${error.action} ${error.stack} ${JSON.stringify(error)}`).not.toContain(
        secret,
      );
      expect(error.cause).toBeUndefined();
    }
  });
});

describe('a revocation', () => {
  test('is confirmed in Zoom’s words', async () => {
    await parseRevocationResponse(json({ status: 'success' }));
  });

  test.each([400, 401])('of a token that Zoom does not know (%i) has nothing left to do', async (status) => {
    await parseRevocationResponse(json({ reason: 'Invalid Token!', error: 'invalid_request' }, status));
  });

  test.each<[string, () => Response, string]>([
    ['an empty body', () => new Response(''), 'zoom_unavailable'],
    ['HTML', () => new Response('<html>'), 'zoom_unavailable'],
    ['another status in the body', () => json({ status: 'pending' }), 'zoom_unavailable'],
    ['a refusal in a success', () => json({ reason: 'Invalid Token!', error: 'x' }), 'zoom_unavailable'],
    ['a wrong client secret', () => json({ error: 'invalid_client' }, 400), 'invalid_client'],
    ['429', () => json({}, 429), 'rate_limited'],
    ['503', () => new Response('', { status: 503 }), 'zoom_unavailable'],
    ['an unknown refusal', () => json({ reason: 'Because.' }, 400), 'zoom_refused'],
  ])('is not confirmed by %s', async (_, answer, code) => {
    await expect(parseRevocationResponse(answer())).rejects.toMatchObject({ code });
  });
});

describe('a request that failed', () => {
  const caught = (error: unknown) => {
    try {
      return sendFailure(error);
    } catch (thrown) {
      return thrown as Failure;
    }
  };
  const fetchFailed = (code: string) =>
    new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });

  test.each(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT'])(
    '%s was never sent',
    (code) => {
      expect(caught(fetchFailed(code))).toMatchObject({ class: 'retry', code: 'zoom_unreachable' });
    },
  );

  test.each([
    fetchFailed('ECONNRESET'),
    fetchFailed('UND_ERR_SOCKET'),
    new DOMException('timed out', 'TimeoutError'),
    'odd',
  ])('%s may have spent the refresh token', (error) => {
    expect(caught(error)).toMatchObject({ class: 'retry', code: 'no_answer' });
  });
});

describe('an authorization code is sent once: unless it is certainly not spent, a person needs a new link', () => {
  const CODE = 'authorization_code';
  test.each<[string, Response]>([
    ['a refusal that nobody knows', json({ reason: 'Because.', error: 'invalid_request' }, 400)],
    ['a JSON of something else', json({ hello: 'world' }, 400)],
    ['401 Invalid Token!', json({ reason: 'Invalid Token!', error: 'invalid_request' }, 401)],
    ['invalid_grant', json({ error: 'invalid_grant' }, 400)],
    [
      'a code among the words',
      json({ reason: 'Invalid authorization code abc', error: 'invalid_request' }, 400),
    ],
  ])('%s: the code is refused', async (_, response) => {
    expect(await failure(response, CODE)).toMatchObject({
      class: 'rejected',
      code: 'code_refused',
      action: expect.stringMatching(/^Ask for a new link/),
    });
  });

  test.each<[string, Response]>([
    ['200 without a token', json({ scope: 'x' })],
    ['200 with half a JSON', new Response('{"access_token":"a","refre')],
    ['403 as HTML', new Response('<html></html>', { status: 403 })],
    ['500', json({ reason: 'Code is expired' }, 500)],
    ['502 as HTML', new Response('<html></html>', { status: 502 })],
    ['504 without a body', new Response(null, { status: 504 })],
  ])('%s: it may be spent', async (_, response) => {
    expect(await failure(response, CODE)).toMatchObject({
      class: 'rejected',
      code: 'zoom_unavailable',
      action: expect.stringMatching(/Ask for a new link/),
    });
  });

  test('a response that does not arrive: it may be spent', () => {
    expect(() => sendFailure(new DOMException('timed out', 'TimeoutError'), undefined, CODE)).toThrow(
      expect.objectContaining({
        class: 'rejected',
        code: 'no_answer',
        action: expect.stringMatching(/Ask for a new link/),
      }),
    );
  });

  test.each([
    [429, 'rate_limited'],
    [503, 'zoom_unavailable'],
  ])('%i: Zoom has not acted on it, so it may be sent again', async (status, code) => {
    expect(await failure(json({}, status), CODE)).toMatchObject({ class: 'retry', code });
  });

  test('a Zoom that cannot be reached has not seen it, so it may be sent again', () => {
    const error = new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
    expect(() => sendFailure(error, undefined, CODE)).toThrow(
      expect.objectContaining({ class: 'retry', code: 'zoom_unreachable' }),
    );
  });

  test('what the operator must fix ends with a new link, too', async () => {
    expect(await failure(json({ error: 'invalid_client' }, 400), CODE)).toMatchObject({
      class: 'misconfigured',
      action: expect.stringMatching(/Then ask for a new link\.$/),
    });
  });
});

test('a certificate that is not trusted is the operator’s to fix, and is named with its host', () => {
  const failed = () =>
    sendFailure(
      new TypeError('fetch failed', { cause: { code: 'CERT_HAS_EXPIRED' } }),
      'https://zoom.example.com:8443',
    );
  expect(failed).toThrow(
    expect.objectContaining({
      class: 'misconfigured',
      code: 'tls_untrusted',
      message: expect.stringMatching(/certificate of zoom\.example\.com:8443.*has expired/),
      action: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    }),
  );
});

describe('who consented', () => {
  test('is told by /users/me', async () => {
    expect(await parseUserResponse(json({ id: 'u', account_id: 'a', display_name: 'Ada' }))).toEqual({
      id: 'u',
      accountId: 'a',
      name: 'Ada',
    });
  });

  test.each([
    { display_name: null, account_id: null },
    { display_name: '', account_id: '' },
    { display_name: 7 },
  ])('is identified by the id, whatever stands in the names: %j', async (names) => {
    expect(await parseUserResponse(json({ id: 'u', ...names }))).toEqual({ id: 'u' });
  });

  test.each([
    json({ code: 4711, message: 'Invalid access token, does not contain scopes' }, 400),
    json({ code: 4700, message: 'Invalid access token, does not contain scopes:[user:read]' }, 400),
    json({ code: '104', message: 'Invalid access token, does not contain scopes' }, 401),
    json({ message: 'Invalid access token, does not contain scopes' }, 400),
    json({ code: 124 }, 401),
  ])('is unknown where the scopes do not tell (%#)', async (response) => {
    expect(await parseUserResponse(response)).toBeUndefined();
  });

  test.each([
    new Response('<html></html>'),
    json({}),
    json({ id: '' }),
    json({ code: 429 }, 429),
    new Response('<html>Bad Gateway</html>', { status: 502 }),
    new Response('<html>Forbidden</html>', { status: 403 }),
  ])('is to be asked again where that is no answer of the API (%#)', async (response) => {
    await expect(parseUserResponse(response)).rejects.toMatchObject({
      class: 'retry',
      code: 'user_unanswered',
    });
  });
});
