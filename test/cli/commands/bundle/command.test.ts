import { expect, test } from '@jest/globals';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();
const run = (...args: string[]) => installation().commandLine.run(args);

test('bundle moves a connection, prints the new expression, and says until when the old place is current', async () => {
  await installation().connectReports();
  const { code, stdout, stderr } = await run('bundle', 'reports', 'sales');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('✔ "reports" is published in the bundle "sales".');
  expect(stdout).toMatch(
    /Its old place: a secret of its own, kept current until .* \(in 24 h\)\. To end it now:/,
  );
  expect(stdout).toContain('{{ $secrets.aws.n8n_zoom_bundle_sales.parseJson().reports }}');
  const status = await run('status', 'reports');
  expect(status.stdout).toContain('n8n_zoom_bundle_sales');
  expect(status.stdout).toMatch(/Old place +a secret of its own, kept current until/);
  const finished = await run('bundle', 'reports', '--finish');
  expect(finished.code).toBe(0);
  expect((await run('status', 'reports')).stdout).not.toContain('Old place');
});

test('connect --bundle publishes a new Server-to-Server connection in the bundle, and n8n shows its expression', async () => {
  const connected = await run(
    'connect',
    'reports',
    '--app',
    'reports',
    '--grant',
    's2s',
    '--bundle',
    'sales',
  );
  expect(connected.stdout).toContain('{{ $secrets.aws.n8n_zoom_bundle_sales.parseJson().reports }}');
  expect((await run('n8n')).stdout).toContain('$secrets.aws.n8n_zoom_bundle_sales.parseJson().reports');
});

test('connect --no-secret says that the token is only pushed', async () => {
  const { stdout } = await run('connect', 'reports', '--app', 'reports', '--grant', 's2s', '--no-secret');
  expect(stdout).toContain('Its token is only pushed to n8n.');
});

test.each([
  [['bundle', 'reports'], 'No place was named.'],
  [['bundle', 'reports', 'sales', '--none'], 'Both a bundle and --none were given.'],
  [['bundle', 'reports', 'sales', '--keep', '8d'], 'Expected 0 to 7d'],
  [['bundle', 'reports', 'sales', '--finish'], '--finish ends the place that the connection has left.'],
  [['bundle', 'reports', '--none', '--finish'], '--finish ends the place that the connection has left.'],
  [
    ['bundle', 'reports', '--finish', '--keep', '1d'],
    '--finish ends the place that the connection has left.',
  ],
  [['connect', 'reports', '--renew-links'], '--renew-links renews the links of all connections.'],
  [['connect', '--cancel', '--renew-links'], '--renew-links makes no new connection.\n  Omit --cancel.'],
  [['connect', 'main', '--cancel', '--no-wait', '--bundle', 'sales'], 'Omit --bundle and --no-wait.'],
  [['status', '--search', ''], 'It is empty.'],
  [['status', '--app', ' '], 'It is empty.'],
  [['status', '--region', ''], 'It is empty.'],
  [['status', '--name', ''], 'It is empty.'],
  [['status', '--name', 'My Zoom'], 'Expected 1 to 40 of a-z, 0-9 and "-", starting with a letter.'],
  [['uninstall', 'existing.json', '--installation-id', 'a/b'], 'Expected 1 to 40 of a-z, 0-9 and "-"'],
  [['status', '--profile', ''], 'It is empty.'],
  [['bundle', 'reports', 'Sales'], '"Sales" cannot be the name of a bundle.'],
  [
    ['connect', 'reports', '--bundle', 'sales', '--no-secret'],
    '--bundle and --no-secret contradict each other: a connection is published in one place.',
  ],
  [['connect', 'reports', '--bundle', 'sales', '--no-bundle'], '--bundle and --no-bundle contradict'],
  [['connect', 'reports', '--no-bundle', '--bundle', 'sales'], '--no-bundle and --bundle contradict'],
  [['connect', 'reports', '--no-bundle', '--no-secret'], '--no-bundle and --no-secret contradict'],
])('%j is wrong usage', async (args, message) => {
  const { code, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
});
