import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CountedCodes, countCodes, holdExchange } from '../../support/services/callback-codes.ts';

let counted: CountedCodes;
let services: CountedCodes['services'];
let functions: CountedCodes['functions'];
beforeEach(async () => {
  counted = await countCodes();
  ({ services, functions } = counted);
});
afterEach(() => services.close());

describe('the operator’s action link-outcome', () => {
  const outcome = (id: string) => functions.granted<object>({ action: 'link-outcome', id });
  const newLink = (connection = 'main') =>
    functions.granted<{ link: string; id: string }>({ action: 'link', connection });
  const finish = async (link: string, decision = {}) => {
    const { returned, cookies } = await functions.consentAfter(link, decision);
    return functions.visit(returned, { cookies });
  };

  test('is waiting until a browser goes to Zoom with the link, and opened until it returns', async () => {
    const { link, id } = await newLink();
    await functions.visit(link);
    expect(await outcome(id)).toEqual({ kind: 'waiting' });
    await functions.consentAfter(link);
    expect(await outcome(id)).toEqual({ kind: 'opened' });
  });

  test('is refused for an id that no link has', async () => {
    const response = await functions.operate({ action: 'link-outcome', id: 'no such link' });
    expect(response).toMatchObject({ ok: false, error: { class: 'rejected', code: 'unknown_link' } });
  });

  test('is failed once the link has expired unused, or the sign-in of a used one took too long', async () => {
    const unused = await newLink();
    const used = await newLink('other');
    services.clock.advance(1799);
    expect(await outcome(unused.id)).toEqual({ kind: 'waiting' });
    await functions.follow(used.link);
    services.clock.advance(1);
    expect(await outcome(unused.id)).toMatchObject({
      kind: 'failed',
      error: { code: 'link_expired' },
      at: services.clock.now(),
    });
    // A consent has ten minutes, also where its link was used in the last second.
    services.clock.advance(598);
    expect(await outcome(used.id)).toEqual({ kind: 'opened' });
    services.clock.advance(1);
    expect(await outcome(used.id)).toMatchObject({ kind: 'failed', error: { code: 'consent_expired' } });
  });

  test('is in progress while the callback runs, then names the connection', async () => {
    const { link, id } = await newLink();
    const { begun, release } = holdExchange(counted);
    const first = finish(link);
    await begun;
    expect(await outcome(id)).toEqual({ kind: 'in_progress' });
    release();
    await first;
    expect(await outcome(id)).toEqual({ kind: 'connected', connection: 'main', at: services.clock.now() });
  });

  test.each([
    ['consent_declined', { decline: true }],
    ['other_user', { user: 'Grace Hopper' }],
  ])('says why the consent failed: %s', async (code, decision) => {
    await functions.connect('main');
    const { link, id } = await newLink();
    await finish(link, decision);
    expect(await outcome(id)).toEqual({
      kind: 'failed',
      error: expect.objectContaining({ class: 'rejected', code }),
      at: services.clock.now(),
    });
  });

  test('names the connection that was renewed instead', async () => {
    await functions.connect('older');
    const { link, id } = await newLink('younger');
    await finish(link);
    expect(await outcome(id)).toMatchObject({ kind: 'connected', connection: 'older' });
  });
});
