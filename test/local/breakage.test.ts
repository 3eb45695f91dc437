import '../../local/silence-powertools.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Breakage } from '../../local/breakage.ts';
import { manualClock } from '../../local/clock.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { type LocalStack, startLocalStack } from '../../local/stack.ts';
import { consentAsBrowser } from '../../local/zoom/consent.ts';

let stack: LocalStack;

beforeEach(async () => {
  stack = await startLocalStack({ now: manualClock().now, speed: 120, port: 0 });
});

afterEach(() => stack.close());

const connectReports = () => stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });

describe('the switches of the page', () => {
  const press = async (path: string, headers: Record<string, string> = { origin: stack.publicUrl }) => {
    const response = await fetch(`${stack.publicUrl}${path}`, { method: 'POST', headers });
    return { status: response.status, ...((await response.json()) as object) };
  };

  test.each(['zoomIsDown', 'nextAnswerIsLost', 'publishingIsDenied'] as const)(
    'turn %s on and off, and say so',
    async (name) => {
      expect(await press(`/break/${name}`)).toEqual({ status: 200, message: expect.any(String) });
      expect(stack.zoom?.trouble[name]).toBe(true);
      await press(`/mend/${name}`);
      expect(stack.zoom?.trouble[name]).toBe(false);
      expect(stack.journal.entries.map(({ event }) => event)).toEqual(['broken', 'mended']);
    },
  );

  test('know no other switch', async () => {
    expect(await press('/break/everything')).toMatchObject({ status: 409 });
    expect(await press('/break/constructor')).toMatchObject({ status: 409 });
  });

  test('Zoom forgets a refresh token only where there is one', async () => {
    await connectReports();
    for (const connection of ['reports', 'nobody']) {
      expect(await press(`/forget/${connection}`)).toMatchObject({ status: 409 });
    }
  });

  test.each(['/break/zoomIsDown', '/forget/reports'])('%s is refused for a page elsewhere', async (path) => {
    expect(await press(path, { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    expect(stack.zoom?.trouble.zoomIsDown).toBe(false);
  });
});

describe('what is broken', () => {
  const rotate = async (connection: string) => {
    const answer = await stack.operate({ action: 'rotate', connection });
    return answer.ok ? 'rotated' : answer.error.code;
  };
  const breakIt = (trouble: Partial<Breakage>) => Object.assign(stack.zoom?.trouble ?? {}, trouble);
  const connectMain = async () => {
    const answer = await stack.operate({ action: 'link', connection: 'main' });
    if (!answer.ok) throw new Error(answer.error.message);
    await consentAsBrowser((answer.result as { link: string }).link);
  };

  test('a Zoom that is down answers 503 until it is up', async () => {
    await connectReports();
    breakIt({ zoomIsDown: true });
    expect(await rotate('reports')).toBe('zoom_unavailable');
    expect((await fetch(`${stack.zoomUrl}/v2/users/me`)).status).toBe(503);
    breakIt({ zoomIsDown: false });
    expect(await rotate('reports')).toBe('rotated');
  });

  test('an answer is lost once, and a user’s refresh token with it', async () => {
    await connectMain();
    breakIt({ nextAnswerIsLost: true });
    expect(await rotate('main')).toBe('no_answer');
    expect(stack.zoom?.trouble.nextAnswerIsLost).toBe(false);
    expect(await rotate('main')).toBe('invalid_token');
  });

  test('a refresh token that Zoom has forgotten is refused', async () => {
    await connectMain();
    expect(await stack.zoom?.forgetRefreshToken('main')).toBe(true);
    expect(await stack.zoom?.forgetRefreshToken('main')).toBe(false);
    expect(await rotate('main')).toBe('invalid_token');
  });

  test('a publication is refused, and n8n still reads the token before', async () => {
    await connectReports();
    const read = async () => (await readAsN8n(stack.secretsManager)).get('n8n_zoom_reports');
    const before = await read();
    breakIt({ publishingIsDenied: true });
    expect(await rotate('reports')).toBe('publish_denied');
    expect(await read()).toBe(before);
  });
});
