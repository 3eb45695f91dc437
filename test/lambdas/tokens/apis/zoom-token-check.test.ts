import { describe, expect, test } from '@jest/globals';
import { parseTokenCheck } from '../../../../lambdas/tokens/apis/zoom-token-check.ts';

const answer = (status: number, body: unknown) =>
  parseTokenCheck(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));

describe("what Zoom's API says to a token", () => {
  test('the user: accepted', async () => {
    expect(await answer(200, { id: 'ada' })).toEqual({ accepted: 'yes' });
  });

  test('401 with code 124: dead', async () => {
    expect(await answer(401, { code: 124, message: 'Invalid access token.' })).toEqual({
      accepted: 'no',
      message: 'Zoom does not accept it (401, code 124): it is dead.',
    });
  });

  test.each([400, 401, 403])('%i with code 4711, a missing scope: it lives', async (status) => {
    expect(await answer(status, { code: 4711, message: 'does not contain scopes' })).toEqual({
      accepted: 'yes',
    });
  });

  test.each([
    [400, 4700, 'Invalid access token, does not contain scopes'],
    [400, 104, 'Invalid access token, does not contain scopes.'],
    [400, '4711', 'Invalid access token, does not contain scopes:[user:read:user, user:read:user:admin].'],
    [401, 124, 'invalid access token: Does not contain scopes'],
    [403, 9999, 'The token does not contain scopes'],
  ])('%i with code %j and "%s": it lives, because the words count', async (status, code, message) => {
    expect(await answer(status, { code, message })).toEqual({ accepted: 'yes' });
  });

  test.each([429, 500, 503])('%i with the words of a missing scope: not known', async (status) => {
    expect(await answer(status, { code: 4700, message: 'does not contain scopes' })).toMatchObject({
      accepted: 'unknown',
    });
  });

  test.each([
    [400, { code: 4700, message: '' }, "Zoom's API responded 400, code 4700."],
    [401, { code: 200, message: 'another reason' }, "Zoom's API responded 401, code 200."],
    [400, { code: 124, message: 'not with this status' }, "Zoom's API responded 400, code 124."],
    [429, { code: 429, message: 'slow down' }, "Zoom's API responded 429, code 429."],
    [503, '<html>', "Zoom's API responded 503."],
    [401, '', "Zoom's API responded 401."],
    [302, '', "Zoom's API responded 302."],
    [200, '<html>Sign in</html>', "Zoom's API responded 200."],
    [200, '', "Zoom's API responded 200."],
    [200, { code: 124, message: 'Invalid access token.' }, "Zoom's API responded 200, code 124."],
  ])('%i %j: not known', async (status, body, message) => {
    expect(await answer(status, body)).toEqual({ accepted: 'unknown', message });
  });
});
