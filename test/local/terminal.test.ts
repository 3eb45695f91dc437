import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ShownConnection } from '../../local/snapshot.ts';
import { createTerminal, startupText } from '../../local/terminal.ts';

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

describe('the terminal writes text:', () => {
  const terminal = createTerminal(false, write);

  test('one line for an event', () => {
    terminal.writeEntry({
      event: 'rotated',
      at: AT,
      connection: 'main',
      app: 'default',
      generation: 1,
      version: 2,
    });
    expect(written).toBe('08:00:00  main       rotated    generation 1, version 2\n');
  });

  test('one line for an audited request, with its action', () => {
    terminal.writeEntry({ event: 'audit', at: AT, connection: 'main', action: 'rotate' });
    expect(written).toBe('08:00:00  main       audit      rotate\n');
  });

  test('one line for a failure, with its code', () => {
    terminal.writeEntry({
      event: 'failed',
      at: AT,
      connection: 'main',
      message: 'Zoom is down.',
      code: 'http_503',
    });
    expect(written).toBe('08:00:00  main       failed     Zoom is down. (http_503)\n');
  });

  test('the whole text of an alert', () => {
    terminal.writeEntry({
      event: 'alert',
      at: AT,
      message: 'Zoom: connect "main" again',
      text: 'main\n\n  Why: it.',
    });
    expect(written).toBe(
      '08:00:00             alert      Zoom: connect "main" again\n          main\n\n            Why: it.\n',
    );
  });

  test('one line for a publication, with the expression, the validity and the next rotation', () => {
    terminal.writeEntry({ event: 'published', at: AT, connection: 'main', generation: 1, version: 2 });
    terminal.writePublication(MAIN, AT);
    expect(written).toBe(
      '08:00:00  main       published  {{ $secrets.aws.n8n_zoom_main }} = ••••••••x9Zq, ' +
        'valid until 09:00:00, next rotation 08:47:00\n',
    );
  });

  test('nothing for a JSON event', () => {
    terminal.writeJson({ event: 'ready' });
    expect(written).toBe('');
  });
});

describe('with --json, the terminal writes one JSON object a line:', () => {
  const terminal = createTerminal(true, write);
  const lines = () =>
    written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  test('timestamps are in ISO 8601', () => {
    terminal.writeEntry({ event: 'rotated', at: AT, connection: 'main', version: 2 });
    terminal.writePublication(MAIN, AT);
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

  test('nothing for a text', () => {
    terminal.writeText('Hello');
    expect(written).toBe('');
  });
});

describe('the startup text', () => {
  const stack = {
    publicUrl: 'http://localhost:8787',
    zoomUrl: 'http://localhost:8788',
    environment: { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:8789', AWS_REGION: 'us-east-1' },
    apps: ['default', 'reports'],
    speed: 120,
  };

  test('has the address of the live page, the link to connect, and the speed of the clock', () => {
    expect(startupText(stack)).toContain('Live page:                     http://localhost:8787/\n');
    expect(startupText(stack)).toContain('Connect "main" in a browser:   http://localhost:8787/link/main\n');
    expect(startupText(stack)).toContain(
      'The local clock runs 120 times as fast as real time: an hour takes 30 s. Its times below are UTC.\n',
    );
    expect(startupText({ ...stack, speed: 1 })).toContain(
      'The local clock runs in real time. Its times below are UTC.\n',
    );
  });

  test('has the export lines with which another program reads the same secrets', () => {
    expect(startupText(stack)).toContain(
      '  export AWS_ENDPOINT_URL_SECRETS_MANAGER=http://127.0.0.1:8789\n  export AWS_REGION=us-east-1\n',
    );
  });

  test('unsets the profile of the shell, whose credentials the AWS SDK would take instead', () => {
    expect(startupText(stack)).toMatch(/ {2}export AWS_REGION=us-east-1\n {2}unset AWS_PROFILE\nThen run/);
  });

  test('has no link when no user app has credentials', () => {
    expect(startupText({ ...stack, apps: ['reports'] })).not.toContain('/link/main');
  });
});
