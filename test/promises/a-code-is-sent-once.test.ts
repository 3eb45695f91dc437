import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { finishConsent } from '../../lambdas/tokens/consent/finish-consent.ts';
import { cancelLinks } from '../../lambdas/tokens/consent/open-links.ts';
import { sealPendingConsent } from '../../lambdas/tokens/consent/pending-consent.ts';
import type { SweepDependencies } from '../../lambdas/tokens/dependencies.ts';
import { FUNCTION_SECONDS, type Intercept, World } from '../support/world/world.ts';

/** How a call of a callback ends. `kill` stops the function after the call. */
type Ending = 'succeed' | 'not sent' | 'response lost' | 'kill';

const CALLBACKS = 3;
/** Number of the operator function, which takes the link back. */
const OPERATOR = CALLBACKS;
const PLAN = fc.array(
  fc.record({
    at: fc.oneof(
      { weight: 8, arbitrary: fc.nat(CALLBACKS - 1) },
      { weight: 1, arbitrary: fc.constant(OPERATOR) },
    ),
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
  const link = await world.usedLink('main');
  const consent = { link, state: 'state', codeVerifier: 'v'.repeat(43) };
  const deps = world.dependencies();
  const cookie = await sealPendingConsent(consent, deps.now() + deps.consentSeconds, deps);
  const parameters = new URLSearchParams({ code: world.zoom.consent('main'), state: 'state' });
  const browser = {
    world,
    link,
    sent: 0,
    callback: () =>
      start((deps) => finishConsent({ parameters, cookie }, deps, { deadline: world.deadline })),
    cancel: () => start((deps) => cancelLinks('main', deps)),
  };

  /** Starts a function, which is held at its first call. */
  async function start(run: (deps: SweepDependencies) => Promise<unknown>) {
    let held: ((ending: Ending) => void) | undefined;
    let arrival = Promise.withResolvers<void>();
    let isOver = false;
    let isKilled = false;
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
      isKilled = true;
      end();
      return new Promise<never>(() => {});
    };
    const intercept: Intercept = (point, call) =>
      new Promise((resolve, reject) => {
        held = (ending) => void perform(point, call, ending).then(resolve, reject);
        arrival.resolve();
      });
    const deps = world.dependencies({ intercept });
    // biome-ignore lint/suspicious/noExplicitAny: the outcome of a function, or its error
    const result: Promise<any> = run(deps)
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
    /** Returns what the function returned or threw; undefined if it was killed. */
    const ended = async () => (isKilled ? undefined : result);
    return { next, finish, ended };
  }
  return browser;
}

describe('A code is sent once', () => {
  test('whatever the order of the calls of three callbacks and of the link’s cancellation and their faults, and a reload tells the truth', async () => {
    const ends = new Map<string, number>();
    const runs = Number(process.env.CODE_RUNS ?? 500);
    await fc.assert(
      fc.asyncProperty(PLAN, async (plan) => {
        const browser = await openBrowser();
        const { world, link } = browser;
        const callbacks = await Promise.all(Array.from({ length: CALLBACKS }, () => browser.callback()));
        const cancel = await browser.cancel();
        const functions = [...callbacks, cancel];
        for (const { at, ending } of plan) await functions[at]?.next(ending);
        for (const { finish } of callbacks) await finish();
        expect(browser.sent).toBeLessThanOrEqual(1);

        world.pass(FUNCTION_SECONDS);
        const reload = await browser.callback();
        await reload.finish();
        const page = await reload.ended();
        expect(browser.sent).toBeLessThanOrEqual(1);
        // A page says "connected" exactly if the tokens of this consent are stored.
        const isConnected = 'requested' in page;
        expect(isConnected).toBe((await world.store.get('main'))?.consentId === link);
        await cancel.finish();
        const cancelled = await cancel.ended();
        if (Array.isArray(cancelled) && cancelled.length > 0)
          expect(page).toMatchObject({ code: 'link_cancelled' });
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
    for (const kind of ['connected', 'consent_interrupted', 'link_cancelled'])
      expect(ends.get(kind)).toBeGreaterThan(runs / 100);
  });
});
