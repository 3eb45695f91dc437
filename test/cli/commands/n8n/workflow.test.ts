import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zoom-tokens-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...args: string[]) => installation().commandLine.run(['n8n', ...args]);

test('n8n --workflow without connections writes no file', async () => {
  const { code, stderr } = await run('--workflow', join(folder, 'none.json'));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^✖ No workflow was written: there are no connections yet/);
  await expect(readFile(join(folder, 'none.json'))).rejects.toThrow('ENOENT');
});

describe('zoom-tokens n8n --workflow with a user and a Server-to-Server connection', () => {
  beforeEach(async () => {
    await installation().connectReports();
    await installation().connectMain();
  });

  test('n8n --workflow writes a workflow that tests each credential, which n8n finds by its name', async () => {
    const file = join(folder, 'workflow.json');
    const { code, stdout } = await run('--workflow', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^✔ .*workflow\.json is written\. .*\n {2}The workflow finds .* by name: Zoom main, Zoom reports\.\n$/,
    );
    const { nodes, connections } = JSON.parse(await readFile(file, 'utf8'));
    const names = nodes.map(({ name }: { name: string }) => name);
    expect(names).toEqual([
      'When clicking ‘Execute workflow’',
      'Who am I? (main)',
      'My meetings (main)',
      'Who am I? (reports)',
      'My meetings (reports)',
    ]);
    expect(new Set(nodes.map(({ id }: { id: string }) => id)).size).toBe(5);
    expect(nodes[1]).toMatchObject({
      type: 'n8n-nodes-base.httpRequest',
      parameters: {
        url: 'https://api.zoom.us/v2/users/me',
        authentication: 'predefinedCredentialType',
        nodeCredentialType: 'zoomApi',
      },
      credentials: { zoomApi: { id: null, name: 'Zoom main' } },
    });
    expect(nodes[4]).toMatchObject({
      type: 'n8n-nodes-base.zoom',
      parameters: { authentication: 'accessToken', resource: 'meeting', operation: 'getAll' },
      credentials: { zoomApi: { id: null, name: 'Zoom reports' } },
      onError: 'continueRegularOutput',
    });
    const reached = Object.values<{ main: { node: string }[][] }>(connections).flatMap(({ main }) =>
      main.flat().map(({ node }) => node),
    );
    expect(reached.sort()).toEqual(names.slice(1).sort());
  });

  test('n8n --workflow of one linked connection names the credential by its id', async () => {
    const { connections } = await installation().status();
    const targets = [{ instance: 'default', credentialId: '3Fk9', pushedVersion: 1, failures: 0 }];
    const linked = connections.filter(({ connection }) => connection === 'main');
    installation().responses.set('status', () => ({
      ok: true,
      result: { now: 0, connections: linked.map((view) => ({ ...view, targets })) },
    }));
    const { stdout } = await run('main', '--workflow', '-');
    const { nodes } = JSON.parse(stdout);
    expect(nodes).toHaveLength(3);
    expect(nodes[2].credentials).toEqual({ zoomApi: { id: '3Fk9', name: 'Zoom main' } });
  });

  test('n8n --workflow of a connection that does not exist exits with 1', async () => {
    const { code, stderr } = await run('unknown', '--workflow', '-');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ There is no connection "unknown"\./);
  });

  test('n8n --workflow writes the same workflow each time', async () => {
    const [first, second] = [await run('--workflow', '-'), await run('--workflow', '-')];
    expect(first.stdout).toBe(second.stdout);
    expect(JSON.parse(first.stdout).nodes).toHaveLength(5);
  });

  test('n8n --workflow with a file that cannot be written is wrong usage', async () => {
    const { code, stderr } = await run('--workflow', join(folder, 'no', 'such', 'folder.json'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/folder\.json could not be written \(ENOENT\)\.\n/);
  });
});
