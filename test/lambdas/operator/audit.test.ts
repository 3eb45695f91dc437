import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type N8nInstallation, startN8nInstallation } from '../../support/services/n8n-installation.ts';
import { logLines, takeOutput } from '../../support/services/output.ts';

let services: N8nInstallation['services'];
let functions: N8nInstallation['functions'];
let office: N8nInstallation['office'];
let operator: N8nInstallation['operator'];
beforeEach(async () => {
  ({ services, functions, office, operator } = await startN8nInstallation());
  takeOutput();
});
afterEach(() => Promise.all([office.close(), services.close()]));

/** Returns the audit lines since the last call. */
const lines = () => logLines(takeOutput()).filter(({ message }) => message === 'audit');

test.each([
  ['link', { connection: 'main', replaceUser: true, seconds: 600 }],
  ['rotate', { connection: 'main' }],
  ['disconnect', { connection: 'main', force: true }],
  ['links-cancel', { connection: 'main' }],
  ['links-renew', {}],
  ['rotate-key', { preview: true }],
  ['n8n-unlink', { connection: 'main', instance: 'office' }],
  ['rotate', { connection: 'nobody' }],
])(
  'a command that changes something is one line with what was wished and the request id: %s %j',
  async (action, wishes) => {
    await functions.operate({ action, ...wishes });
    const [line, ...others] = lines();
    expect(others).toEqual([]);
    expect(line).toMatchObject({ action, ...wishes, function_request_id: expect.stringMatching(/./) });
  },
);

test('a link to n8n is a line with the origin of n8n, and without its API key', async () => {
  await functions.operate(operator.requestFor('main', { move: true }));
  const [line] = lines();
  expect(line).toMatchObject({ action: 'n8n-link', connection: 'main', instance: 'office', move: true });
  expect(line?.origin).toBe(new URL(office.url).origin);
  expect(JSON.stringify(line)).not.toContain(office.n8n.apiKey);
});

test('a text that is too long for a name is cut, and a ticket is on no line', async () => {
  await functions.operate({ action: 'rotate', connection: 'x'.repeat(5000) });
  const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'anna' });
  const [rotate, made] = lines();
  expect(rotate?.connection).toHaveLength(64);
  expect(JSON.stringify(made)).not.toContain(new URL(link).searchParams.get('ticket'));
});

test.each(['about', 'status', 'links', 'key-status', 'check'])(
  'a command that reads has no line: %s',
  async (action) => {
    await functions.operate({ action });
    expect(lines()).toEqual([]);
  },
);
