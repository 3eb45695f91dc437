import '../../local/silence-powertools.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Breakage } from '../../local/breakage.ts';
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

  test.each(['zoomIsDown', 'nextResponseIsLost', 'publishingIsDenied'] as const)(
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
  /** Zoom refuses the refresh token now and five minutes later, which confirms it. */
  const expectConfirmedRefusal = async () => {
    const status = async () => {
      const response = await stack.operate({ action: 'status', connection: 'main' });
      return response.ok && (response.result as { connections: { status: string }[] }).connections[0]?.status;
    };
    expect(await rotate('main')).toBe('invalid_token');
    expect(await status()).toBe('active');
    clock.advance(300);
    expect(await rotate('main')).toBe('invalid_token');
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
    await expectConfirmedRefusal();
  });

  test('makes Zoom refuse the refresh token that was revoked', async () => {
    await connectMain();
    expect(await stack.zoom?.revokeRefreshToken('main')).toBe(true);
    expect(await stack.zoom?.revokeRefreshToken('main')).toBe(false);
    await expectConfirmedRefusal();
  });

  test('denies a publication, and n8n still reads the earlier token', async () => {
    await connectReports();
    const read = async () => (await readAsN8n(stack.secretsManager)).get('n8n_zoom_reports');
    const before = await read();
    breakIt({ publishingIsDenied: true });
    expect(await rotate('reports')).toBe('publish_denied');
    expect(await read()).toBe(before);
  });
});
