import { beforeEach, describe, expect, test } from '@jest/globals';
import { EncryptJWT } from 'jose';
import { TIMEOUT_SECONDS } from '../../../../lambdas/contract.ts';
import { ConsentOver } from '../../../../lambdas/tokens/consent/consent-attempt.ts';
import { finishConsent } from '../../../../lambdas/tokens/consent/finish-consent.ts';
import { FINISHED_SECONDS, sealPendingConsent } from '../../../../lambdas/tokens/consent/pending-consent.ts';
import { CLAIM_SECONDS } from '../../../../lambdas/tokens/consent/zoom-user.ts';
import type { CallbackDependencies } from '../../../../lambdas/tokens/dependencies.ts';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

const STATE = 'the-state';
let world: World;
/** Names of the calls that left the domain. */
let calls: string[];
beforeEach(() => {
  world = new World();
  calls = [];
});

const counted = (intercept: Intercept = (_, call) => call()) =>
  world.asCallback(
    world.dependencies({
      intercept: (point, call) => {
        calls.push(point);
        return intercept(point, call);
      },
    }),
  );
const failingOnce = (name: string, error: unknown): Intercept => {
  let isDone = false;
  return (point, call) => {
    if (point !== name || isDone) return call();
    isDone = true;
    return Promise.reject(error);
  };
};
const requests = () => calls.filter((point) => point === 'zoom.token').length;

/** A browser that has gone to Zoom with a link, and came back. */
async function consent(user = 'main') {
  const link = await world.usedLink('main');
  const deps = world.dependencies();
  const pending = { link, state: STATE, codeVerifier: 'v'.repeat(43) };
  const cookie = await sealPendingConsent(pending, world.time + deps.consentSeconds, deps);
  const code = world.zoom.consent(user);
  const parameters = (changed: Record<string, string> = {}) =>
    new URLSearchParams({ code, state: STATE, ...changed });
  const finish = (
    given: { parameters?: URLSearchParams; cookie?: string | undefined; deps?: CallbackDependencies } = {},
  ) =>
    finishConsent({ parameters: parameters(), cookie, ...given }, given.deps ?? counted(), {
      deadline: world.deadline,
    });
  return { link, cookie, code, parameters, finish };
}

describe("Zoom's authorization response is refused, and its code is not sent,", () => {
  test.each([
    ['of another consent', { state: 'the-other' }],
    ['with a state of the same length', { state: 'The-state' }],
    ['without a state', { state: '' }],
  ])('%s', async (_, changed) => {
    const { parameters, finish } = await consent();
    await expect(finish({ parameters: parameters(changed) })).rejects.toMatchObject({
      code: 'state_mismatch',
    });
    expect(requests()).toBe(0);
    expect(await finish()).toMatchObject({ item: { connection: 'main' } });
  });

  test('with two codes', async () => {
    const { parameters, finish } = await consent();
    const twice = parameters();
    twice.append('code', 'another');
    await expect(finish({ parameters: twice })).rejects.toMatchObject({ code: 'answer_invalid' });
    expect(requests()).toBe(0);
  });

  test.each([
    ['access_denied', 'consent_declined'],
    ['server_error', 'answer_invalid'],
  ])('with the error %s: %s', async (error, code) => {
    const { link, finish } = await consent();
    const parameters = new URLSearchParams({ error, state: STATE });
    await expect(finish({ parameters })).rejects.toMatchObject({ class: 'rejected', code });
    expect(requests()).toBe(0);
    // The link has ended with it, and a waiting command learns why.
    expect((await world.store.link(link))?.end).toMatchObject({ kind: 'failed', error: { code } });
  });
});

describe('the cookie of a consent', () => {
  test('is needed', async () => {
    const { finish } = await consent();
    await expect(finish({ cookie: undefined })).rejects.toMatchObject({ code: 'cookie_missing' });
  });

  test('is not needed to say that the user declined, as after a reload of that page', async () => {
    const { finish } = await consent();
    const parameters = new URLSearchParams({ error: 'access_denied', state: STATE });
    await expect(finish({ cookie: undefined, parameters })).rejects.toMatchObject({
      code: 'consent_declined',
    });
  });

  /** Encrypts claims with the key of cookies. */
  const sealed = async (audience: string, claims: object) => {
    const { id, cookie } = await world.dependencies().keyring();
    return new EncryptJWT({ state: STATE, codeVerifier: 'v'.repeat(43), ...claims })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: id })
      .setAudience(audience)
      .encrypt(cookie);
  };

  test('is refused when it was made for something else', async () => {
    const { link, finish } = await consent();
    const exp = world.time + 600;
    for (const cookie of [await sealed('another', { jti: link, exp }), await sealed('consent', { exp })])
      await expect(finish({ cookie })).rejects.toMatchObject({ code: 'consent_unknown' });
    await expect(finish({ cookie: await sealed('consent', { jti: link }) })).rejects.toMatchObject({
      code: 'consent_unknown',
    });
  });

  test('ends with the time for the consent', async () => {
    const { finish } = await consent();
    world.pass(world.dependencies().consentSeconds);
    await expect(finish()).rejects.toMatchObject({ code: 'consent_expired' });
  });

  test('of a finished consent is recognized for a day, in which a connection that ended since is named so', async () => {
    const { finish } = await consent();
    const finished = await finish();
    if ('repeated' in finished) throw new Error('it is the first');
    const cookie = finished.finishedCookie;
    world.pass(FINISHED_SECONDS - 1);
    expect(FINISHED_SECONDS).toBe(24 * 60 * 60);
    expect(await finish({ cookie })).toMatchObject({ repeated: 'connected', connection: 'main' });
    await disconnect('main', world.dependencies(), { deadline: world.deadline, force: false });
    await expect(finish({ cookie })).rejects.toMatchObject({ code: 'disconnected' });
    world.pass(1);
    await expect(finish({ cookie })).rejects.toMatchObject({ code: 'consent_expired' });
    expect(requests()).toBe(1);
  });

  test('whose link is not known any more is over', async () => {
    const { finish } = await consent();
    const intercept = ((point: string, call: () => Promise<unknown>) =>
      point === 'store.link' ? Promise.resolve(undefined) : call()) as Intercept;
    const error = await finish({ deps: counted(intercept) }).catch((refused) => refused);
    expect(error).toBeInstanceOf(ConsentOver);
    expect(error).toMatchObject({ code: 'consent_expired' });
  });
});

describe('the authorization code is sent to Zoom once', () => {
  test('although two callbacks come at once', async () => {
    const { finish } = await consent();
    const results = await Promise.all([finish(), finish()]);
    expect(requests()).toBe(1);
    expect(results.filter((result) => 'repeated' in result)).toHaveLength(1);
  });

  test('although two callbacks have both found it unclaimed', async () => {
    const { finish } = await consent();
    const both = Promise.withResolvers<void>();
    let claims = 0;
    const deps = counted(async (point, call) => {
      if (point !== 'store.claimConsent') return call();
      claims += 1;
      if (claims === 2) both.resolve();
      await both.promise;
      return call();
    });
    const results = await Promise.all([finish({ deps }), finish({ deps })]);
    expect(requests()).toBe(1);
    expect(results.filter((result) => 'repeated' in result)).toEqual([{ repeated: 'in_progress' }]);
  });

  test('although its response was lost: the consent is over', async () => {
    const { finish } = await consent();
    const lost = new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
    await expect(finish({ deps: counted(failingOnce('zoom.token', lost)) })).rejects.toBeInstanceOf(
      ConsentOver,
    );
    await expect(finish()).rejects.toBeInstanceOf(ConsentOver);
    expect(requests()).toBe(1);
  });

  test('by a reload where Zoom never got it', async () => {
    const { finish } = await consent();
    const unreachable = new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
    await expect(finish({ deps: counted(failingOnce('zoom.token', unreachable)) })).rejects.toMatchObject({
      class: 'retry',
      action: expect.stringContaining('Reload this page'),
    });
    expect(await finish()).toMatchObject({ item: { connection: 'main' } });
    expect(requests()).toBe(2);
  });

  test('and never again where Zoom refuses the app: only a new link helps', async () => {
    const { finish } = await consent();
    world.zoom.clientSecret = 'replaced at Zoom alone';
    await expect(finish()).rejects.toMatchObject({ class: 'misconfigured' });
    world.zoom.clientSecret = world.appSecret;
    await expect(finish()).rejects.toBeInstanceOf(ConsentOver);
    expect(requests()).toBe(1);
  });

  test('only when the key for its tokens is at hand: a reload sends it', async () => {
    const { finish } = await consent();
    const deps = counted();
    const sealingKey = () => Promise.reject(new Error('S3 is down'));
    await expect(finish({ deps: { ...deps, sealingKey } })).rejects.toThrow('S3 is down');
    expect(requests()).toBe(0);
    expect(await finish()).toMatchObject({ item: { connection: 'main' } });
  });

  test('with the credentials that the operator has just replaced', async () => {
    const deps = counted();
    await deps.vault.app('default');
    world.zoom.clientSecret = 'replaced';
    world.appSecret = 'replaced';
    const { finish } = await consent();
    expect(await finish({ deps })).toMatchObject({ item: { connection: 'main' } });
    expect(requests()).toBe(1);
  });
});

test('a consent without a refresh token is refused, since it would end within the hour', async () => {
  world.zoom.omitsRefreshToken = true;
  const { finish } = await consent();
  await expect(finish()).rejects.toMatchObject({ code: 'no_refresh_token' });
  expect(await world.store.get('main')).toBeUndefined();
});

test('a consent that goes to the connection of its Zoom user does not revive it when that was disconnected meanwhile', async () => {
  await world.connect('ben', undefined, 'ben');
  for (let consents = 0; consents < 2; consents += 1) await world.connect('main', undefined, 'ada');
  // Both connections are then of the same generation.
  const intercept: Intercept = async (point, call) => {
    if (point !== 'store.commitConsent') return call();
    world.pass(5);
    await disconnect('ben', world.dependencies(), { deadline: world.deadline, force: false });
    return call();
  };
  const { finish } = await consent('ben');
  await expect(finish({ deps: counted(intercept) })).rejects.toMatchObject({ code: 'disconnected' });
  expect(await world.item('ben')).toMatchObject({ status: 'disconnected', generation: 2 });
});

test('the tokens of a refused consent are not revoked when too little time is left for it', async () => {
  await world.connect('main', undefined, 'ada');
  const { finish } = await consent('ben');
  calls = [];
  const intercept: Intercept = async (point, call) => {
    const response = await call();
    if (point === 'zoom.user') world.pass(51);
    return response;
  };
  await expect(finish({ deps: counted(intercept) })).rejects.toMatchObject({ code: 'other_user' });
  expect(calls).not.toContain('zoom.revoke');
});

test('new tokens are stored although the first write of them fails', async () => {
  const { finish } = await consent();
  const deps = counted(failingOnce('store.commitConsent', new Error('DynamoDB is down')));
  expect(await finish({ deps })).toMatchObject({ item: { connection: 'main', version: 1 } });
  expect(requests()).toBe(1);
});

test('a first consent keeps its Zoom user to itself for longer than the callback function runs', () => {
  expect(CLAIM_SECONDS).toBeGreaterThan(TIMEOUT_SECONDS.callback);
});

describe('a consent leaves its publication to a step', () => {
  /** Lets something happen between the store of the consent and its lease. */
  const meanwhile = (happens: () => Promise<unknown>): Intercept => {
    let isDone = false;
    return async (point, call) => {
      if (point !== 'store.lease' || isDone) return call();
      isDone = true;
      await happens();
      return call();
    };
  };
  const finishWith = async (happens: () => Promise<unknown>) => {
    const { finish } = await consent();
    const result = await finish({ deps: counted(meanwhile(happens)) });
    expect(result).toMatchObject({ outcome: { kind: 'nothing' } });
    expect(calls).not.toContain('vault.publish');
    expect(world.started).toContainEqual({ start: 'connection', connection: 'main' });
    expect((await world.item('main')).leaseOwner).toBeUndefined();
  };

  test('when a later consent has come, whose tokens it does not have', async () => {
    await finishWith(() => world.connect('main'));
  });

  test('when another consent is kept, which may have ended its tokens at Zoom', async () => {
    await finishWith(() =>
      world.store.noteKeptConsent('main', { consentId: 'kept', app: 'default' }, world.time),
    );
  });
});
