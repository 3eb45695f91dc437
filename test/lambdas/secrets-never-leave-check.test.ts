import '../support/services/output.ts';
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { logger, metrics } from '../../lambdas/observability.ts';
import { Failure } from '../../lambdas/tokens/errors.ts';
import { errorPage } from '../../lambdas/web/error-page.ts';
import { logFailure } from '../../lambdas/web/middleware.ts';
import { takeOutput } from '../support/services/output.ts';
import { createWatch, printed } from '../support/services/watch.ts';

const token = randomBytes(32).toString('base64url');
const watch = createWatch();
watch.note('the token', token);

describe('the search for secrets finds a token', () => {
  test.each<[string, () => void]>([
    ['in a log line', () => logger.info('rotated', { token })],
    ['in a line of the lowest level', () => logger.debug(`rotated to ${token}`)],
    ['of which half is logged', () => logger.warn(token.slice(0, 20))],
    ['in base64', () => logger.info(Buffer.from(`me:${token}`).toString('base64'))],
    ['in hexadecimal', () => logger.info(Buffer.from(token).toString('hex'))],
    ['in an address', () => logger.info(`https://localhost/callback?code=${encodeURIComponent(token)}`)],
    ['in the message of a failure', () => logFailure(new Failure('retry', 'unexpected', `no ${token}`, 'a'))],
    ["in an error's cause", () => logger.error('e', new Error('no', { cause: { body: token } }))],
    [
      'in a metric',
      () => metrics.singleMetric().addDimension('token', token).addMetric('Rotated', 'Count', 1),
    ],
  ])('%s', (_, leak) => {
    takeOutput();
    leak();
    expect(watch.leaks(takeOutput())).toEqual(['the token']);
  });

  test('in an uncaught error', () => {
    expect(watch.leaks(printed(new Error('no', { cause: new Error(token) })))).toEqual(['the token']);
  });

  test('on a page', () => {
    const { body = '' } = errorPage(new Failure('rejected', 'unexpected', token, 'a'));
    expect(watch.leaks(body)).toEqual(['the token']);
  });

  test('and finds nothing in text without it', () => {
    logger.info('rotated', { connection: 'main' });
    expect(watch.leaks([...takeOutput(), errorPage(new Error('no')).body ?? ''])).toEqual([]);
  });

  test('and refuses to search for a word that is short enough to be found by accident', () => {
    expect(() => watch.note('a word', 'default')).toThrow('a word is too short');
  });
});

test('an unexpected error is logged with its name and location, without its message and its cause', () => {
  takeOutput();
  logFailure(new SyntaxError(`Unexpected token in "${token}"`, { cause: { body: token } }));
  const output = takeOutput();
  expect(output.join()).toContain('SyntaxError');
  expect(watch.leaks(output)).toEqual([]);
});
