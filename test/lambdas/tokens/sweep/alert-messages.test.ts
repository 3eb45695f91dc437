import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../../lambdas/tokens/connection.ts';
import {
  expiredMessage,
  incidentMessage,
  reconnectMessage,
  recoveredMessage,
} from '../../../../lambdas/tokens/sweep/alert-messages.ts';

// 2030-01-01 00:00 UTC.
const NOW = Date.UTC(2030, 0, 1) / 1000;
const HOUR = 3600;

const broken = (connection: string, changed: Partial<Record<keyof Connection, unknown>> = {}) =>
  ({
    connection,
    validUntil: NOW,
    failingSince: NOW - HOUR,
    lastError: {
      class: 'retry',
      code: 'zoom_unavailable',
      message: 'Zoom has an outage.',
      action: 'a',
      at: NOW,
    },
    ...changed,
  }) as Connection;
const many = (count: number) => Array.from({ length: count }, (_, index) => broken(`c${index}`));

describe('the alert of an expired token', () => {
  test('names the connection, the reason, since when, until when n8n had a token, and the command to run', () => {
    expect(expiredMessage([broken('main')])).toEqual({
      subject: 'Zoom: n8n holds an expired token of "main"',
      message: [
        "n8n's token of this connection has expired, so its Zoom nodes fail:",
        '',
        'main',
        '  Why:          Zoom has an outage.',
        '  Since:        2029-12-31 23:00 UTC',
        "  n8n's token:  ends 2030-01-01 00:00 UTC at the latest",
        '  Run:          npx zoom-tokens status main',
        '',
        'The sweeps go on trying. The runbook says more: "Token expired". This alert comes again every day, and a last one when the connection is well again.',
      ].join('\n'),
    });
  });

  test('names the first twenty connections and says how many more there are', () => {
    const { subject, message } = expiredMessage(many(23));
    expect(subject).toBe('Zoom: n8n holds an expired token of 23 connections');
    expect(message.match(/npx zoom-tokens status c/g)).toHaveLength(20);
    expect(message).toContain('\n\nAnd 3 more. All of them: npx zoom-tokens status\n');
  });

  test.each([
    ['Since', 'not noted', { failingSince: undefined, lastError: undefined }],
    ['Why', 'not noted', { lastError: undefined }],
    ["n8n's token", 'none yet', { validUntil: 0 }],
    ["n8n's token", 'ends an unknown time at the latest', { validUntil: Number.NaN }],
    ["n8n's token", 'ends an unknown time at the latest', { validUntil: 1e20 }],
    ["n8n's token", 'ends an unknown time at the latest', { validUntil: 'soon' }],
    ["n8n's token", 'ends an unknown time at the latest', { validUntil: undefined }],
    ['Since', 'an unknown time', { failingSince: -1e20 }],
  ])('says under "%s": %s, and describes the others, with %j', (label, text, absurd) => {
    const { message } = expiredMessage([broken('absurd', absurd), broken('main')]);
    const [, described = ''] = message.split('absurd\n');
    expect(described).toMatch(new RegExp(`^(  .*\\n)*  ${label}: +${text}\\n`));
    expect(message).toContain('main\n  Why:          Zoom has an outage.\n');
  });
});

describe('the alert of a connection that waits for a person', () => {
  test('says since when it has failed, not when it failed last', () => {
    expect(reconnectMessage([broken('main')]).message).toContain('  Since:        2029-12-31 23:00 UTC\n');
  });

  test('says of a connection whose link was sent already until when it waits', () => {
    const links = [{ connection: 'main', until: '2030-01-04 00:00 UTC (in 3 days)' }];
    const { message } = reconnectMessage([broken('main'), broken('other')], links);
    expect(message).toContain(
      '  Run:          npx zoom-tokens connect main\n  Link:         one waits for its person until 2030-01-04 00:00 UTC (in 3 days)\n',
    );
    expect(message).toMatch(/connect other\n\n/);
  });

  test('survives an item with absurd timestamps', () => {
    const { message } = reconnectMessage([
      broken('absurd', { validUntil: 1e20, failingSince: 'x' }),
      broken('main'),
    ]);
    expect(message).toContain('  Run:          npx zoom-tokens connect main\n');
  });
});

describe('the message that connections are well again', () => {
  const recovered = (changed: Partial<Record<keyof Connection, unknown>> = {}) =>
    broken('main', { validUntil: NOW + HOUR, ...changed });
  const targets = [{ instance: 'home' }];

  test('says until when the token is valid, and that n8n reads it at its next poll', () => {
    expect(recoveredMessage([recovered()])).toEqual({
      subject: 'Zoom: "main" recovered',
      message: [
        'This connection is well again, and has a valid token:',
        '',
        'main',
        '  Token:        valid until 2030-01-01 01:00 UTC',
        '  In n8n:       at the next poll of its external secrets',
        '',
        'Nothing to do. n8n polls its external secrets every 5 minutes by default. Until then its Zoom nodes use the earlier token.',
      ].join('\n'),
    });
  });

  test.each([
    ['a secret and a push', { targets }, 'now where it was pushed, else at the next poll'],
    ['a push alone', { targets, place: 'none' }, 'now: it was pushed'],
    ['neither', { place: 'none' }, 'never: it is linked to none'],
  ])('says when n8n has a token that it gets by %s', (_, changed, arrival) => {
    expect(recoveredMessage([recovered(changed)]).message).toContain(`  In n8n:       ${arrival}\n`);
  });

  test('mentions no poll where every token was pushed', () => {
    const { message } = recoveredMessage([recovered({ targets, place: 'none' })]);
    expect(message).toMatch(/\n\nNothing to do\.$/);
    expect(message).not.toContain('poll');
  });

  test('counts several connections', () => {
    const { message } = recoveredMessage([recovered(), recovered()]);
    expect(message).toMatch(/^These 2 connections are well again, and have valid tokens:\n/);
  });
});

describe('the alert of an incident', () => {
  const incident = { app: 'default', since: NOW, refused: 9, granted: 2 };

  test('names the app, since when, how many were refused and granted, what is done and what to look at', () => {
    const { subject, message } = incidentMessage(incident);
    expect(subject).toBe('Zoom refuses most connections of the app default');
    expect(message).toContain(
      'Since 2030-01-01 00:00 UTC Zoom refuses the refresh tokens of most connections of the app "default": in the last hour 9 were refused and 2 refreshes granted.',
    );
    expect(message).toContain('No connection is given up for two hours');
    expect(message).toContain('npx zoom-tokens status');
    expect(message).not.toContain('restored');
  });

  test('says that the table may have been restored where sweeps had been missing', () => {
    const { message } = incidentMessage({ ...incident, gapSince: NOW - 6 * HOUR });
    expect(message).toContain('The sweep before ended 2029-12-31 18:00 UTC. If the table was restored');
    expect(message).toContain('"Restored table"');
  });
});

test('every subject fits SNS: ASCII, shorter than 100 characters, with the longest name', () => {
  const item = broken('a'.repeat(40));
  const incident = { app: 'a'.repeat(40), since: NOW, refused: 9, granted: 2 };
  const messages = [
    reconnectMessage([item]),
    expiredMessage([item]),
    recoveredMessage([item]),
    incidentMessage(incident),
  ];
  for (const { subject } of messages) expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
});
