import '../services/output.ts';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { logger } from '../../../lambdas/observability.ts';
import { openLab, type SavedLab } from './lab.ts';
import { run, secrets } from './run.ts';
import { consent, disconnectOnce, linkOnce, SCENARIOS, sweepOnce } from './scenarios.ts';

const KEPT = { sealedTokens: 'sealed', expiresAt: 2, rotatedAt: 1 };

describe('an installation that starts from the state of another', () => {
  let state: SavedLab;
  let before: View;

  beforeEach(async () => {
    const lab = await openLab(logger);
    await consent(lab, lab.healthy);
    await linkOnce(lab, lab.healthy);
    await lab.healthy.rescue?.put({ connection: 'main', consentId: 'kept' }, KEPT);
    state = await lab.save();
    before = viewOf(state);
  });

  test('has that state', async () => {
    const lab = await openLab(logger, state);
    const tokens = await lab.tokens('main');
    expect(lab.zoom.isLiving('main', tokens?.refreshToken)).toBe(true);
    expect(lab.zoom.accepts(await lab.published('main'))).toBe(true);
    await lab.close();
  });

  test('reaches its n8n', async () => {
    const lab = await openLab(logger, state);
    lab.pass(3000);
    await sweepOnce(lab, lab.healthy);
    const [id] = [...lab.n8n.credentials.keys()];
    expect(lab.n8n.token(id)).not.toEqual([...state.n8n.credentials.values()][0]?.data.accessToken);
    expect(lab.n8n.token(id)).toBe(await lab.published('main'));
    await lab.close();
  });

  test('leaves nothing to the next one', async () => {
    const first = await openLab(logger, state);
    first.pass(60);
    first.alerted.add('main');
    await consent(first, first.healthy);
    await first.healthy.rescue?.put({ connection: 'other', consentId: 'kept' }, KEPT);
    await linkOnce(first, first.healthy);
    await disconnectOnce(first, first.healthy);
    const changed = viewOf(await first.save());
    for (const name of Object.keys(before))
      expect({ [name]: changed[name] }).not.toEqual({ [name]: before[name] });

    const second = await openLab(logger, state);
    expect(viewOf(await second.save())).toEqual(before);
  });
});

test('the checks see each change at once', async () => {
  const lab = await openLab(logger);
  expect(await lab.connection('main')).toBeUndefined();
  await consent(lab, lab.healthy);
  const first = await lab.tokens('main');
  expect(await lab.published('main')).toBe(first?.accessToken);
  await consent(lab, lab.healthy);
  const second = await lab.tokens('main');
  expect(second?.accessToken).not.toBe(first?.accessToken);
  expect(await lab.published('main')).toBe(second?.accessToken);
  await disconnectOnce(lab, lab.healthy);
  expect(await lab.connection('main')).toMatchObject({ status: 'disconnected' });
  expect(await lab.published('main')).toBeUndefined();
  await lab.close();
});

test('a run searches its output for the secrets of earlier runs too', async () => {
  const scenario = SCENARIOS['a rotation'];
  const earlier = await run(scenario, undefined, async ({ lab }) => lab.tokens('main'));
  expect(secrets.has(earlier?.refreshToken ?? '')).toBe(true);
  const later = run(scenario, undefined, async ({ output }) =>
    output.push(`leaked ${earlier?.refreshToken}`),
  );
  await expect(later).rejects.toThrow(earlier?.refreshToken);
});

type View = Record<string, unknown>;

/** Returns the parts of a state that can be compared. */
function viewOf({ time, items, secrets: kept, objects, zoom, n8n, alerted }: SavedLab): View {
  return {
    time,
    items: Object.fromEntries(items.map((item) => [item.connection?.S, item])),
    secrets: kept.all().map(({ versions, ...secret }) => ({ secret, versions: versions.all() })),
    objects: [...objects.keys()].sort(),
    issued: [...zoom.secrets],
    isConnected: zoom.hasLiving('main'),
    requests: [...n8n.requests],
    credentials: structuredClone([...n8n.credentials]),
    alerted: [...alerted],
  };
}
