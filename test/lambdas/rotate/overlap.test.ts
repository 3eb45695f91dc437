import '../../support/services/output.ts';
import { describe, expect, test } from '@jest/globals';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { startServices } from '../../support/services/services.ts';

describe('the first rotation', () => {
  test.each([
    ['yes', true, 1800],
    ['no', false, 600],
  ] as const)(
    'records overlap "%s" after asking Zoom whether the old access token still works',
    async (overlap, accessTokenOutlivesRefresh, margin) => {
      const services = await startServices({ accessTokenOutlivesRefresh });
      try {
        const functions = createFunctions(services);
        await functions.connect('main');
        const old = await services.published('main');
        const { before, after } = await functions.granted<Record<'before' | 'after', ConnectionView>>({
          action: 'rotate',
          connection: 'main',
        });
        expect(before.overlap).toBe('unknown');
        expect(after).toMatchObject({ overlap, version: 2, publishedVersion: 2 });
        expect(await services.zoomStatus(old)).toBe(overlap === 'yes' ? 200 : 401);
        const early = after.expiresAt - after.dueAt;
        expect(early).toBeGreaterThanOrEqual(margin);
        expect(early).toBeLessThan(margin + 300);
      } finally {
        await services.close();
      }
    },
  );
});
