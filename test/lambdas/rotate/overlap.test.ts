import '../../support/services/output.ts';
import { describe, expect, test } from '@jest/globals';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { startServices } from '../../support/services/services.ts';

describe('a sweep a minute after a rotation', () => {
  test.each([
    ['yes', 'two rotations', true, 2, 1800],
    ['no', 'one rotation', false, 1, 600],
  ] as const)(
    'asks Zoom whether the old access token still works, and records overlap "%s" after %s',
    async (overlap, _, accessTokenOutlivesRefresh, rotations, margin) => {
      const services = await startServices({ accessTokenOutlivesRefresh });
      try {
        const functions = createFunctions(services);
        await functions.connect('main');
        for (let rotation = 1; rotation <= rotations; rotation += 1) {
          const old = await services.published('main');
          const { after } = await functions.granted<Record<'before' | 'after', ConnectionView>>({
            action: 'rotate',
            connection: 'main',
          });
          expect(after).toMatchObject({ overlap: 'unknown', dueAt: services.clock.now() + 60 });
          services.clock.advance(60);
          expect(await services.zoomStatus(old)).toBe(overlap === 'yes' ? 200 : 401);
          expect(await functions.sweep()).toMatchObject({ rotated: 0, published: 0 });
        }
        const { connections } = await functions.granted<{ connections: ConnectionView[] }>({
          action: 'status',
          connection: 'main',
        });
        const view = connections[0] as ConnectionView;
        expect(view).toMatchObject({ overlap, version: 1 + rotations, publishedVersion: 1 + rotations });
        const early = view.expiresAt - view.dueAt;
        expect(early).toBeGreaterThanOrEqual(margin);
        expect(early).toBeLessThan(margin + 300);
      } finally {
        await services.close();
      }
    },
  );
});
