import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ShownConnection } from '../../local/snapshot.ts';
import { banner, createTerminal } from '../../local/terminal.ts';

const AT = Date.UTC(2027, 0, 15, 8, 0, 0) / 1000;

const MAIN: ShownConnection = {
  connection: 'main',
  app: 'default',
  grantType: 'authorization_code',
  status: 'active',
  dueAt: AT + 47 * 60,
  generation: 1,
  version: 2,
  publishedVersion: 2,
  expiresAt: AT + 3600,
  validUntil: AT + 3600,
  consentedAt: AT,
  rotatedAt: AT,
  failures: 0,
  overlap: 'unknown',
  secretName: 'n8n_zoom_main',
  expression: '{{ $secrets.aws.n8n_zoom_main }}',
  maskedToken: '••••••••x9Zq',
};

let written: string;
const write = (text: string) => {
  written += text;
};

beforeEach(() => {
  written = '';
});

describe('text for a person', () => {
  const terminal = createTerminal(false, write);

  test('a line for what happened', () => {
    terminal.entry({
      event: 'rotated',
      at: AT,
      connection: 'main',
      app: 'default',
      generation: 1,
      version: 2,
    });
    expect(written).toBe('08:00:00  main       rotated    generation 1, version 2\n');
  });

  test('a line for a failure, with its code', () => {
    terminal.entry({
      event: 'failed',
      at: AT,
      connection: 'main',
      message: 'Zoom is down.',
      code: 'http_503',
    });
    expect(written).toBe('08:00:00  main       failed     Zoom is down. (http_503)\n');
  });

  test('an alert with all that a person is sent', () => {
    terminal.entry({
      event: 'alert',
      at: AT,
      message: 'Zoom: connect "main" again',
      text: 'main\n\n  Why: it.',
    });
    expect(written).toBe(
      '08:00:00             alert      Zoom: connect "main" again\n          main\n\n            Why: it.\n',
    );
  });

  test('a publication once, with what n8n reads, until when, and the next rotation', () => {
    terminal.entry({ event: 'published', at: AT, connection: 'main', generation: 1, version: 2 });
    terminal.published(MAIN, AT);
    expect(written).toBe(
      '08:00:00  main       published  {{ $secrets.aws.n8n_zoom_main }} = ••••••••x9Zq, ' +
        'valid until 09:00:00, next rotation 08:47:00\n',
    );
  });

  test('no JSON', () => {
    terminal.emit({ event: 'ready' });
    expect(written).toBe('');
  });
});

describe('JSON for a program, one object a line', () => {
  const terminal = createTerminal(true, write);
  const lines = () =>
    written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  test('instants are ISO 8601', () => {
    terminal.entry({ event: 'rotated', at: AT, connection: 'main', version: 2 });
    terminal.published(MAIN, AT);
    expect(lines()).toEqual([
      { event: 'rotated', at: '2027-01-15T08:00:00.000Z', connection: 'main', version: 2 },
      {
        event: 'published',
        at: '2027-01-15T08:00:00.000Z',
        connection: 'main',
        version: 2,
        validUntil: '2027-01-15T09:00:00.000Z',
        nextRotation: '2027-01-15T08:47:00.000Z',
        expression: '{{ $secrets.aws.n8n_zoom_main }}',
        maskedToken: '••••••••x9Zq',
      },
    ]);
  });

  test('no text', () => {
    terminal.say('Hello');
    expect(written).toBe('');
  });
});

describe('the banner', () => {
  const stack = {
    publicUrl: 'http://localhost:8787',
    zoomUrl: 'http://localhost:8788',
    environment: { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:8789', AWS_REGION: 'us-east-1' },
    apps: ['default', 'reports'],
    speed: 120,
  };

  test('says where to look, what to open, and how time runs', () => {
    expect(banner(stack)).toContain('See it live:                   http://localhost:8787/\n');
    expect(banner(stack)).toContain('Connect "main" in a browser:   http://localhost:8787/link/main\n');
    expect(banner(stack)).toContain('Time runs 120 times as fast: an hour takes 30 s.\n');
    expect(banner({ ...stack, speed: 1 })).toContain('Time runs in real time.\n');
  });

  test('has the lines with which another program reads the same secrets', () => {
    expect(banner(stack)).toContain(
      '  export AWS_ENDPOINT_URL_SECRETS_MANAGER=http://127.0.0.1:8789\n  export AWS_REGION=us-east-1\n',
    );
  });

  test('offers no link where no user app has credentials', () => {
    expect(banner({ ...stack, apps: ['reports'] })).not.toContain('/link/main');
  });
});
