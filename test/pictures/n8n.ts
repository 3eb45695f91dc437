import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { LocalStack } from '../../local/local-stack.ts';
import { consentAsBrowser } from '../../local/zoom/consent.ts';
import { OWNER, startN8n } from '../n8n/server.ts';
import { startZoomProxy } from '../n8n/zoom-proxy.ts';
import { startBrowser } from '../support/browser/start-browser.ts';
import { freePort } from '../support/services/machine.ts';

const PAGE = { width: 1280, height: 840 };
const SCOPES = ['credential:create', 'credential:read', 'credential:update'];
/** n8n fades its elements in. */
const SETTLED_MS = 2000;
/** n8n names its elements for its own tests. */
const byTestId = (id: string) => `[data-test-id="${id}"]`;

/**
 * Photographs n8n's own screens of docs/n8n.md: the API key, the credential that `n8n link` creates, and the Zoom node after
 * it ran.
 * @param n8n folder of n8n's package
 * @param file returns the path of a picture
 */
export async function photographN8n(
  n8n: string,
  stack: LocalStack,
  file: (name: string) => string,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'n8n-pictures-'));
  const proxy = await startZoomProxy(folder, stack.zoomUrl);
  const { url: proxyUrl, authority } = proxy;
  const [port, brokerPort] = [await freePort(), await freePort()];
  const aws = stack.environment;
  const server = await startN8n({ n8n, folder, port, brokerPort, proxy: proxyUrl, authority, aws });
  const browser = await startBrowser();
  try {
    await consentAsBrowser(`${stack.publicUrl}/link/main`);
    const apiKey = await server.createApiKey();
    const { url } = server;
    const linked = await stack.operate({
      ...{ action: 'n8n-link', connection: 'main', instance: 'default', url, apiKey },
    });
    if (!linked.ok) throw new Error(linked.error.message);
    const { credentialId } = linked.result as { credentialId: string };
    const workflowId = await createWorkflow(url, apiKey, credentialId);

    const page = await browser.newPage({ viewport: PAGE, reducedMotion: 'reduce', colorScheme: 'light' });
    page.setDefaultTimeout(30_000);
    await signIn(page, url);
    await photographKey(page, url, file('n8n-1-api-key'));
    await page.goto(`${url}/home/credentials/${credentialId}`);
    await page.getByText('Connection tested successfully').waitFor();
    await page.waitForTimeout(SETTLED_MS);
    await page.locator(byTestId('editCredential-modal')).screenshot({ path: file('n8n-4-pushed') });
    await page.goto(`${url}/workflow/${workflowId}`);
    await page.locator(byTestId('canvas-node')).filter({ hasText: 'Zoom' }).last().dblclick();
    await page.locator(byTestId('node-execute-button')).first().click();
    await page.getByText('1 item').last().waitFor();
    await page.waitForTimeout(SETTLED_MS);
    await page.screenshot({ path: file('n8n-3-node') });
  } finally {
    await browser.close();
    server.stop();
    await proxy.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/signin`);
  await page.locator('input[type=email], input[name=emailOrLdapLoginId]').first().fill(OWNER.email);
  await page.locator('input[type=password]').fill(OWNER.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/home/);
}

async function photographKey(page: Page, url: string, path: string): Promise<void> {
  await page.goto(`${url}/settings/api`);
  await page.getByRole('button', { name: 'Create API key' }).click();
  await page.getByPlaceholder(/Internal Project/).fill('zoom-token-refresher');
  await page.locator(byTestId('scopes-mode-custom')).click();
  const dialog = page.locator(byTestId('createOrEditApiKey-modal'));
  await dialog.getByPlaceholder('Search').fill('credential');
  for (const scope of SCOPES) await dialog.locator(byTestId(`scope-checkbox-${scope}`)).click();
  await dialog.screenshot({ path });
}

/** Creates a workflow whose Zoom node lists meetings. Returns its id. */
async function createWorkflow(url: string, apiKey: string, credentialId: string): Promise<string> {
  const trigger = {
    ...{ id: 'a', name: 'Schedule Trigger', type: 'n8n-nodes-base.scheduleTrigger', typeVersion: 1.2 },
    ...{ position: [0, 0], parameters: { rule: { interval: [{}] } } },
  };
  const zoom = {
    ...{ id: 'b', name: 'Zoom', type: 'n8n-nodes-base.zoom', typeVersion: 1, position: [220, 0] },
    parameters: { authentication: 'accessToken', operation: 'getAll', limit: 5, filters: {} },
    credentials: { zoomApi: { id: credentialId, name: 'Zoom main' } },
  };
  const response = await fetch(`${url}/api/v1/workflows`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'X-N8N-API-KEY': apiKey },
    body: JSON.stringify({
      ...{ name: 'Meetings', settings: {}, nodes: [trigger, zoom] },
      connections: { 'Schedule Trigger': { main: [[{ node: 'Zoom', type: 'main', index: 0 }]] } },
    }),
  });
  return ((await response.json()) as { id: string }).id;
}
