import { expect } from '@jest/globals';
import type { Strike } from './faults.ts';
import { run, sweepTimes } from './run.ts';
import { cancelOnce, returnFromZoom, type Scenario } from './scenarios.ts';

/**
 * Expects that the operator can take a link back by repeating the command, after whatever fault, and that the person at Zoom
 * then connects nothing.
 */
export async function expectCancelled(scenario: Scenario, strike: Strike): Promise<void> {
  await run(scenario, strike, async ({ lab, before }) => {
    expect(await cancelOnce(lab, lab.healthy)).toMatchObject({ ok: true });
    const { page, outcome } = await returnFromZoom(lab);
    expect(page.statusCode).toBe(410);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'link_cancelled' } });
    const item = await lab.connection('main');
    expect(item).toMatchObject({ status: 'active', generation: before?.generation });
    expect(lab.zoom.accepts(await lab.published('main'))).toBe(true);
    await sweepTimes(lab, 1);
    expect([...lab.alerted]).toEqual([]);
  });
}
