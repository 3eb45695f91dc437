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
    [401, { code: 200, message: 'another reason' }, "Zoom's API answered 401, code 200."],
    [400, { code: 124, message: 'not with this status' }, "Zoom's API answered 400, code 124."],
    [429, { code: 429, message: 'slow down' }, "Zoom's API answered 429, code 429."],
    [503, '<html>', "Zoom's API answered 503."],
    [401, '', "Zoom's API answered 401."],
    [302, '', "Zoom's API answered 302."],
  ])('%i %j: not known', async (status, body, message) => {
    expect(await answer(status, body)).toEqual({ accepted: 'unknown', message });
  });
});
