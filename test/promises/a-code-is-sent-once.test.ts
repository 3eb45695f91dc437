import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { finishConsent } from '../../lambdas/tokens/consent/finish-consent.ts';
import { sealPendingConsent } from '../../lambdas/tokens/consent/pending-consent.ts';
import { FUNCTION_SECONDS, type Intercept, World } from '../support/world/world.ts';

/** How a call of a callback ends: most succeed. `kill` stops the function after the call. */
const ENDINGS = ['succeed', 'succeed', 'succeed', 'succeed', 'not sent', 'response lost', 'kill'] as const;
type Ending = (typeof ENDINGS)[number];

const lost = (code: string) => new TypeError('fetch failed', { cause: { code } });

/** One browser that has consented at Zoom, and repeats its callback. */
async function openBrowser() {
  const world = new World();
  const link = randomUUID();
  const consent = { link, connection: 'main', app: 'default', state: 'state', codeVerifier: 'v'.repeat(43) };
  const cookie = await sealPendingConsent(consent, world.dependencies());
  const parameters = new URLSearchParams({ code: world.zoom.consent('main'), state: 'state' });
  const browser = { world, link, sent: 0, callback };

  /** Runs the callback. Resolves to `killed` when a call killed its function. */
  async function callback(
    schedule: <T>(label: string, call: () => Promise<T>) => Promise<T>,
    ending: () => Ending,
  ) {
    const killed = Promise.withResolvers<'killed'>();
    let isKilled = false;
    const intercept: Intercept = (point, call) =>
      schedule(point, async () => {
        if (isKilled) return new Promise<never>(() => {});
        const end = ending();
        if (end === 'not sent') throw lost('ECONNREFUSED');
        if (point === 'zoom.token') browser.sent += 1;
        const response = await call();
        if (end === 'response lost') throw lost('ECONNRESET');
        if (end !== 'kill') return response;
        isKilled = true;
        killed.resolve('killed');
        return new Promise<never>(() => {});
      });
    const deps = world.dependencies({ intercept });
    const run = finishConsent({ parameters, cookie }, deps, { deadline: world.deadline }).catch(
      (error) => error,
    );
    return Promise.race([run, killed.promise]);
  }
  return browser;
}

const immediately = <T>(_: string, call: () => Promise<T>) => call();
const successfully = (): Ending => 'succeed';

describe('A code is sent once', () => {
  test('whatever the order of the calls of three callbacks and their faults, and a reload tells the truth', async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom(...ENDINGS), { maxLength: 30 }),
        async (scheduler, endings) => {
          const browser = await openBrowser();
          const { world, link } = browser;
          const rest = [...endings];
          const ending = (): Ending => rest.shift() ?? 'succeed';
          const inAnyOrder = <T>(label: string, call: () => Promise<T>) =>
            scheduler.schedule(Promise.resolve(), label).then(call);
          const callbacks = [1, 2, 3].map(() => browser.callback(inAnyOrder, ending));
          await scheduler.waitFor(Promise.all(callbacks));
          expect(browser.sent).toBeLessThanOrEqual(1);

          world.pass(FUNCTION_SECONDS);
          const wasSent = browser.sent === 1;
          const reload = await browser.callback(immediately, successfully);
          const item = await world.store.get('main');
          const isConnected = 'requested' in reload;
          expect(browser.sent).toBeLessThanOrEqual(1);
          expect(isConnected).toBe(item?.consentId === link);
          if (!isConnected)
            expect(reload).toMatchObject({ class: 'rejected', action: expect.stringMatching(/new link/) });
          kinds.add(
            `${wasSent ? 'sent before' : 'not sent before'}, ${isConnected ? 'connected' : reload.code}`,
          );
        },
      ),
      { numRuns: Number(process.env.CODE_RUNS ?? 300) },
    );
    // Every way in which a consent can end was tried.
    expect([...kinds].sort()).toEqual(
      expect.arrayContaining([
        'not sent before, connected',
        'sent before, connected',
        'sent before, consent_interrupted',
        'sent before, no_answer',
      ]),
    );
  });

  test('a callback whose code was never sent may be repeated', async () => {
    const browser = await openBrowser();
    let isDown = true;
    const down: typeof immediately = (point, call) =>
      point === 'zoom.token' && isDown ? Promise.reject(lost('ENOTFOUND')) : call();
    expect(await browser.callback(down, successfully)).toMatchObject({
      class: 'retry',
      action: expect.stringMatching(/^Reload this page/),
    });
    isDown = false;
    expect(await browser.callback(down, successfully)).toMatchObject({ item: { connection: 'main' } });
    expect(browser.sent).toBe(1);
  });
});
