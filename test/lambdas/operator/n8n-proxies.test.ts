import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type N8nInstallation, startN8nInstallation } from '../../support/services/n8n-installation.ts';
import { type Misbehaviour, PROXIES, RESTARTS, STARTING_UP } from '../../support/services/n8n-server.ts';

// What `n8n link` and the push do while something in front of n8n responds, while n8n restarts, or a response is lost.

let services: N8nInstallation['services'];
let functions: N8nInstallation['functions'];
let office: N8nInstallation['office'];
let operator: N8nInstallation['operator'];
beforeEach(async () => {
  ({ services, functions, office, operator } = await startN8nInstallation());
});
afterEach(() => Promise.all([office.close(), services.close()]));

const stored = () => functions.runtime.store.get('main');
const tryLink = (changed: object = {}) => functions.operate(operator.requestFor('main', changed));
const names = () => [...office.n8n.credentials.values()].map(({ name }) => name);

/** Links while n8n misbehaves, expects a failure, and ends the misbehaviour. */
async function linkBehind(misbehaves: Misbehaviour): Promise<unknown> {
  office.control.misbehaves = misbehaves;
  const response = await tryLink();
  office.control.misbehaves = undefined;
  return response;
}

describe.each(Object.entries({ ...PROXIES, ...RESTARTS }))('%s', (_, response) => {
  test('at a first link leaves everything as it was, and the link succeeds afterwards', async () => {
    const before = await stored();
    expect(await linkBehind(response)).toMatchObject({ ok: false, error: { code: 'n8n_intercepted' } });
    expect(await stored()).toEqual(before);
    expect(await services.n8nInstances()).toEqual({});
    expect(await operator.link('main')).toMatchObject({ created: true });
    expect(names()).toEqual(['Zoom main']);
  });

  test('at a repeated link creates no second credential and keeps the target', async () => {
    await operator.link('main');
    const before = await stored();
    expect(await linkBehind(response)).toMatchObject({ ok: false, error: { code: 'n8n_intercepted' } });
    expect(await stored()).toEqual(before);
    expect(names()).toEqual(['Zoom main']);
  });

  test('at a push is recorded with the target, and no credential is said to be gone', async () => {
    await operator.link('main');
    office.control.misbehaves = response;
    await functions.granted({ action: 'rotate', connection: 'main' });
    const message = expect.stringMatching(/^Something in front of n8n at .* responded \(HTTP/);
    expect((await stored())?.targets).toMatchObject([
      { failures: 1, lastError: { code: 'n8n_intercepted', message } },
    ]);
  });
});

test('a push to an n8n that starts up is repeated within minutes, as no fault of the operator', async () => {
  await operator.link('main');
  office.control.misbehaves = STARTING_UP;
  await functions.granted({ action: 'rotate', connection: 'main' });
  expect((await stored())?.targets).toMatchObject([
    { lastError: { class: 'retry', code: 'n8n_unavailable' } },
  ]);
  office.control.misbehaves = undefined;
  services.clock.advance(5 * 60);
  await functions.sweep();
  expect((await stored())?.targets).toMatchObject([{ failures: 0 }]);
});

test('a link to an n8n that does not listen leaves everything as it was, and succeeds once it does', async () => {
  const before = await stored();
  expect(await tryLink({ url: 'http://127.0.0.1:1' })).toMatchObject({
    ok: false,
    error: { class: 'retry', code: 'n8n_unreachable' },
  });
  expect(await stored()).toEqual(before);
  expect(await operator.link('main')).toMatchObject({ created: true });
  expect(names()).toEqual(['Zoom main']);
});

describe('a creation whose response is lost', () => {
  const LOST: [string, Misbehaviour][] = [
    ['by a reset', { after: 'resets' }],
    ['by a gateway timeout', { after: { status: 504, body: '' } }],
    [
      'in the middle',
      { after: { status: 200, headers: { 'content-type': 'application/json' }, body: '{"id"' } },
    ],
  ];

  test.each(LOST)('%s creates no second credential in n8n 2.41.1 when it is repeated', async (_, lost) => {
    expect(await linkBehind(lost)).toMatchObject({ ok: false, error: { class: 'retry' } });
    expect(names()).toEqual(['Zoom main']);
    const { credentialId, created } = await operator.link('main');
    expect(created).toBe(true);
    expect(names()).toEqual(['Zoom main']);
    expect(office.n8n.token(credentialId)).toBe(await services.published('main'));
    expect(await stored()).not.toHaveProperty('pendingCredentials');
  });

  test('is not repeated in an earlier n8n, until the operator has looked for the credential', async () => {
    office.n8n.version = '2.38.7';
    // The request with an id is refused; the one without is lost.
    await loseTheCreation();
    expect(names()).toEqual(['Zoom main']);
    expect(await tryLink()).toMatchObject({
      ok: false,
      error: {
        class: 'misconfigured',
        code: 'n8n_creation_unknown',
        message: expect.stringContaining('"Zoom main"'),
        action: expect.stringMatching(/--credential.*n8n unlink/s),
      },
    });
    expect(names()).toEqual(['Zoom main']);
    const [id] = [...office.n8n.credentials.keys()];
    expect(await operator.link('main', { credentialId: id })).toMatchObject({ credentialId: id });
    expect(await stored()).not.toHaveProperty('pendingCredentials');
  });

  test('is found by its name in an earlier n8n, when the key has the scope credential:list', async () => {
    office.n8n.version = '2.38.7';
    await loseTheCreation();
    office.n8n.scopes.add('credential:list');
    const { credentialId, created } = await operator.link('main');
    expect({ created, names: names() }).toEqual({ created: true, names: ['Zoom main'] });
    expect(office.n8n.token(credentialId)).toBe(await services.published('main'));
  });

  test('is repeated in an earlier n8n after an unlink, which says that there is no credential', async () => {
    office.n8n.version = '2.38.7';
    await loseTheCreation();
    office.n8n.credentials.clear();
    await operator.unlink('main');
    expect(await operator.link('main')).toMatchObject({ created: true });
  });

  /** In an n8n that refuses an id of ours, the second `POST` creates the credential. */
  async function loseTheCreation(): Promise<void> {
    office.control.misbehaves = { after: 'resets', when: () => office.n8n.credentials.size > 0 };
    expect(await tryLink()).toMatchObject({ ok: false, error: { class: 'retry', code: 'n8n_unreachable' } });
    office.control.misbehaves = undefined;
  }
});

test('an n8n that does not know isPartialData is refused before a credential is overwritten', async () => {
  const fields = { accessToken: 'pasted by hand', allowedDomains: 'api.zoom.us' };
  const credentialId = office.n8n.add('zoomApi', fields);
  office.n8n.version = 'without isPartialData';
  const before = await stored();
  expect(await tryLink({ credentialId })).toMatchObject({
    ok: false,
    error: { class: 'misconfigured', code: 'n8n_too_old', action: expect.stringContaining('2.3.2') },
  });
  expect(office.n8n.credentials.get(credentialId)?.data).toEqual(fields);
  expect(await stored()).toEqual(before);
});

test('a link and each rotation change the access token alone', async () => {
  const domains = { allowedHttpRequestDomains: 'domains', allowedDomains: 'api.zoom.us' };
  const credentialId = office.n8n.add('zoomApi', { accessToken: 'pasted by hand', ...domains });
  await operator.link('main', { credentialId });
  await functions.granted({ action: 'rotate', connection: 'main' });
  expect(office.n8n.credentials.get(credentialId)?.data).toEqual({
    accessToken: await services.published('main'),
    ...domains,
  });
});
