import '../../support/services/output.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readPage } from '../../support/browser/read-page.ts';
import { createFunctions, functionsWith } from '../../support/services/handlers.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeAll(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterAll(() => services.close());

describe('a consent whose token cannot be published immediately', () => {
  const STORED = 'The tokens are stored. n8n can read the access token within a few minutes.';

  test('is stored, the page says so, and a later sweep publishes the token', async () => {
    services.denied.add('CreateSecret n8n_zoom_denied');
    const { page } = await functions.connect('denied', { user: 'Grace Hopper' });
    expect(page.status).toBe(200);
    expect(readPage(page.body).paragraphs[0]).toMatch(
      /^The tokens are stored, but n8n cannot read them yet\. The function is not allowed to write the secret/,
    );
    expect(await functions.runtime.store.get('denied')).toMatchObject({
      status: 'misconfigured',
      publishedVersion: 0,
    });

    services.denied.clear();
    services.clock.advance(20 * 60);
    await functions.sweep();
    expect(await functions.runtime.store.get('denied')).toMatchObject({
      status: 'active',
      publishedVersion: 1,
    });
    expect(await services.zoomStatus(await services.published('denied'))).toBe(200);
  });

  test('is stored also when the table fails right after the commit', async () => {
    const store = { ...functions.runtime.store, lease: () => Promise.reject(new Error('the table is gone')) };
    const failing = functionsWith(() => ({ ...functions.runtime, store }), services);
    const { page } = await failing.connect('half');
    expect(page.status).toBe(200);
    expect(readPage(page.body).paragraphs).toContain(STORED);
    await functions.sweep();
    expect(await services.zoomStatus(await services.published('half'))).toBe(200);
  });
});
