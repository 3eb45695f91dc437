import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { finishConsent } from '../../lambdas/tokens/consent/finish-consent.ts';
import { sealPendingConsent } from '../../lambdas/tokens/consent/pending-consent.ts';
import { FUNCTION_SECONDS, type Intercept, World } from '../support/world/world.ts';

/** How a call of a callback ends. `kill` stops the function after the call. */
type Ending = 'succeed' | 'not sent' | 'response lost' | 'kill';

const CALLBACKS = 3;
const PLAN = fc.array(
  fc.record({
    at: fc.nat(CALLBACKS - 1),
    ending: fc.oneof(
      { weight: 12, arbitrary: fc.constant<Ending>('succeed') },
      { weight: 1, arbitrary: fc.constantFrom<Ending>('not sent', 'response lost', 'kill') },
    ),
  }),
  { minLength: 10, maxLength: 50 },
);

const fetchFailure = (code: string) => new TypeError('fetch failed', { cause: { code } });

/** One browser that has consented at Zoom, and may send its callback any number of times. */
async function openBrowser() {
  const world = new World();
  const link = randomUUID();
  const consent = { link, connection: 'main', app: 'default', state: 'state', codeVerifier: 'v'.repeat(43) };
  const cookie = await sealPendingConsent(consent, world.dependencies());
  const parameters = new URLSearchParams({ code: world.zoom.consent('main'), state: 'state' });
  const browser = { world, link, sent: 0, start };

  /** Starts a callback, which is held at its first call. */
  async function start() {
    let held: ((ending: Ending) => void) | undefined;
    let arrival = Promise.withResolvers<void>();
    let isOver = false;
    const end = () => {
      isOver = true;
      arrival.resolve();
    };
    const perform = async <T>(point: string, call: () => Promise<T>, ending: Ending): Promise<T> => {
      if (ending === 'not sent') throw fetchFailure('ECONNREFUSED');
      if (point === 'zoom.token') browser.sent += 1;
      const response = await call();
      if (ending === 'response lost') throw fetchFailure('ECONNRESET');
      if (ending === 'succeed') return response;
      end();
      return new Promise<never>(() => {});
    };
    const intercept: Intercept = (point, call) =>
      new Promise((resolve, reject) => {
        held = (ending) => void perform(point, call, ending).then(resolve, reject);
        arrival.resolve();
      });
    const deps = world.dependencies({ intercept });
    const result = finishConsent({ parameters, cookie }, deps, { deadline: world.deadline })
      .catch((error) => error)
      .finally(end);
    const next = async (ending: Ending) => {
      if (isOver) return;
      arrival = Promise.withResolvers();
      held?.(ending);
      await arrival.promise;
    };
    const finish = async () => {
      while (!isOver) await next('succeed');
    };
    await arrival.promise;
    return { next, finish, result };
  }
  return browser;
}

describe('A code is sent once', () => {
  test('whatever the order of the calls of three callbacks and their faults, and a reload tells the truth', async () => {
    const ends = new Map<string, number>();
    const runs = Number(process.env.CODE_RUNS ?? 500);
    await fc.assert(
      fc.asyncProperty(PLAN, async (plan) => {
        const browser = await openBrowser();
        const { world, link } = browser;
        const callbacks = await Promise.all(Array.from({ length: CALLBACKS }, () => browser.start()));
        for (const { at, ending } of plan) await callbacks[at]?.next(ending);
        for (const { finish } of callbacks) await finish();
        expect(browser.sent).toBeLessThanOrEqual(1);

        world.pass(FUNCTION_SECONDS);
        const reload = await browser.start();
        await reload.finish();
        const page = await reload.result;
        expect(browser.sent).toBeLessThanOrEqual(1);
        // A page says "connected" exactly if the tokens of this consent are stored.
        const isConnected = 'requested' in page;
        expect(isConnected).toBe((await world.store.get('main'))?.consentId === link);
        if (!isConnected) {
          expect(page).toMatchObject({ class: 'rejected', action: expect.stringMatching(/new link/) });
          expect(page.action).not.toMatch(/reload/i);
        }
        const kind = isConnected ? 'connected' : page.code;
        ends.set(kind, (ends.get(kind) ?? 0) + 1);
      }),
      { numRuns: runs },
    );
    // The plans are not all of one kind.
    for (const kind of ['connected', 'consent_interrupted'])
      expect(ends.get(kind)).toBeGreaterThan(runs / 50);
  });
});
