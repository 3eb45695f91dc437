import '../../local/silence-powertools.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionView } from '../../lambdas/tokens/connection-view.ts';
import { type Breakage, noBreakage } from '../../local/breakage.ts';
import { manualClock } from '../../local/clock.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { startLocalStack } from '../../local/stack.ts';
import { consentAsBrowser } from '../../local/zoom/consent.ts';

let stack: LocalStack;
let clock: ReturnType<typeof manualClock>;

beforeEach(async () => {
  clock = manualClock();
  stack = await startLocalStack({ now: clock.now, speed: 120, port: 0 });
});

afterEach(() => stack.close());

const connectReports = () => stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });

describe('the switches of the live page', () => {
  const press = async (path: string, headers: Record<string, string> = { origin: stack.publicUrl }) => {
    const response = await fetch(`${stack.publicUrl}${path}`, { method: 'POST', headers });
    return { status: response.status, ...((await response.json()) as object) };
  };

  test.each(Object.keys(noBreakage()) as (keyof Breakage)[])(
    'turn %s on and off, and respond with a message',
    async (name) => {
      expect(await press(`/break/${name}`)).toEqual({ status: 200, message: expect.any(String) });
      expect(stack.zoom?.breakage[name]).toBe(true);
      await press(`/repair/${name}`);
      expect(stack.zoom?.breakage[name]).toBe(false);
      expect(stack.journal.entries.map(({ event }) => event)).toEqual(['broken', 'repaired']);
    },
  );

  test('refuse an unknown switch', async () => {
    expect(await press('/break/everything')).toMatchObject({ status: 409 });
    expect(await press('/break/constructor')).toMatchObject({ status: 409 });
  });

  test('refuse to revoke a refresh token that does not exist', async () => {
    await connectReports();
    for (const connection of ['reports', 'nobody']) {
      expect(await press(`/revoke/${connection}`)).toMatchObject({ status: 409 });
    }
  });

  test.each(['/break/zoomIsDown', '/revoke/reports'])(
    'refuse POST %s from another site’s page',
    async (path) => {
      expect(await press(path, { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
      expect(stack.zoom?.breakage.zoomIsDown).toBe(false);
    },
  );
});

describe('a fault that is switched on', () => {
  const rotate = async (connection: string) => {
    const response = await stack.operate({ action: 'rotate', connection });
    return response.ok ? 'rotated' : response.error.code;
  };
  const connectionNamed = async (connection: string) => {
    const response = await stack.operate({ action: 'status', connection });
    if (!response.ok) throw new Error(response.error.message);
    const [found] = (response.result as { connections: ConnectionView[] }).connections;
    if (!found) throw new Error(`There is no connection "${connection}".`);
    return found;
  };
  /** Zoom refuses the refresh token now and five minutes later, which confirms it. */
  const expectConfirmedRefusal = async (code: string) => {
    const status = async () => {
      const response = await stack.operate({ action: 'status', connection: 'main' });
      return response.ok && (response.result as { connections: { status: string }[] }).connections[0]?.status;
    };
    expect(await rotate('main')).toBe(code);
    expect(await status()).toBe('active');
    clock.advance(300);
    expect(await rotate('main')).toBe(code);
    expect(await status()).toBe('reconnect');
  };
  const breakIt = (breakage: Partial<Breakage>) => Object.assign(stack.zoom?.breakage ?? {}, breakage);
  const connectMain = async () => {
    const response = await stack.operate({ action: 'link', connection: 'main' });
    if (!response.ok) throw new Error(response.error.message);
    await consentAsBrowser((response.result as { link: string }).link);
  };

  test('makes Zoom respond 503 until it is switched off', async () => {
    await connectReports();
    breakIt({ zoomIsDown: true });
    expect(await rotate('reports')).toBe('zoom_unavailable');
    expect((await fetch(`${stack.zoomUrl}/v2/users/me`)).status).toBe(503);
    breakIt({ zoomIsDown: false });
    expect(await rotate('reports')).toBe('rotated');
  });

  test('loses one response of Zoom, and with it the new refresh token of a user connection', async () => {
    await connectMain();
    breakIt({ nextResponseIsLost: true });
    expect(await rotate('main')).toBe('no_answer');
    expect(stack.zoom?.breakage.nextResponseIsLost).toBe(false);
    await expectConfirmedRefusal('response_lost');
  });

  test('makes Zoom refuse the refresh token that was revoked', async () => {
    await connectMain();
    expect(await stack.zoom?.revokeRefreshToken('main')).toBe(true);
    expect(await stack.zoom?.revokeRefreshToken('main')).toBe(false);
    await expectConfirmedRefusal('invalid_token');
  });

  test('denies a publication, and n8n still reads the earlier token', async () => {
    await connectReports();
    const read = async () => (await readAsN8n(stack.secretsManager)).get('n8n_zoom_reports');
    const before = await read();
    breakIt({ publishingIsDenied: true });
    expect(await rotate('reports')).toBe('publish_denied');
    expect(await read()).toBe(before);
  });

  test('makes Zoom respond 429 with Retry-After until it is switched off', async () => {
    await connectReports();
    breakIt({ zoomLimitsRate: true });
    expect(await rotate('reports')).toBe('rate_limited');
    for (const path of ['/v2/users/me', '/oauth/token']) {
      const { status, headers } = await fetch(`${stack.zoomUrl}${path}`);
      expect([status, headers.get('retry-after')]).toEqual([429, '30']);
    }
    breakIt({ zoomLimitsRate: false });
    clock.advance(600);
    await stack.sweep();
    expect((await connectionNamed('reports')).version).toBe(2);
  });

  test('makes Zoom refuse every refresh token and keep it: a rotation succeeds after the fault', async () => {
    await connectMain();
    await connectReports();
    breakIt({ refreshesAreRefused: true });
    expect(await rotate('main')).toBe('invalid_token');
    expect(await rotate('reports')).toBe('rotated');
    breakIt({ refreshesAreRefused: false });
    await connectMain();
    expect(await rotate('main')).toBe('rotated');
  });

  test('hides the Zoom user from a consent, and the next rotation learns it', async () => {
    breakIt({ zoomUserFails: true });
    await connectMain();
    const user = async () => (await connectionNamed('main')).zoomUserId;
    expect(await user()).toBeUndefined();
    breakIt({ zoomUserFails: false });
    expect(await rotate('main')).toBe('rotated');
    expect(await user()).toEqual(expect.any(String));
  });

  test('leaves no room for another version, and n8n still reads the earlier token until there is room', async () => {
    await connectReports();
    const read = async () => (await readAsN8n(stack.secretsManager)).get('n8n_zoom_reports');
    const before = await read();
    breakIt({ versionQuotaIsReached: true });
    expect(await rotate('reports')).not.toBe('rotated');
    expect(await read()).toBe(before);
    breakIt({ versionQuotaIsReached: false });
    clock.advance(3600);
    await stack.sweep();
    expect(await read()).not.toBe(before);
    expect((await connectionNamed('reports')).status).toBe('active');
  });

  test('disables the KMS key: nothing is read or written until it is enabled', async () => {
    await connectReports();
    breakIt({ kmsKeyIsDisabled: true });
    clock.advance(61);
    expect(await rotate('reports')).toBe('kms_unusable');
    expect((await readAsN8n(stack.secretsManager)).size).toBe(0);
    breakIt({ kmsKeyIsDisabled: false });
    expect(await rotate('reports')).toBe('rotated');
  });

  test('throttles the writes of DynamoDB: a rotation without a lease asks Zoom for nothing', async () => {
    await connectMain();
    breakIt({ writesAreThrottled: true });
    expect(await rotate('main')).toBe('throttled');
    breakIt({ writesAreThrottled: false });
    expect(await rotate('main')).toBe('rotated');
    expect((await connectionNamed('main')).version).toBe(2);
  });
});
