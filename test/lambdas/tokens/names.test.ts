import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../lambdas/tokens/errors.ts';
import { assertName } from '../../../lambdas/tokens/names.ts';

describe('the name of a bundle', () => {
  test.each(['sales', 'bundles', 'n8n'])('may be "%s"', (name) => {
    expect(() => assertName('bundle', name)).not.toThrow();
  });

  test.each(['bundle_sales', 'n8n_zoom_bundle_sales', 'n8n_zoom_anna'])(
    'may not be "%s", which begins as the name of a secret does',
    (name) => {
      expect(() => assertName('bundle', name)).toThrow(
        `"${name}" cannot be the name of a bundle: its secret would be n8n_zoom_bundle_${name}.`,
      );
    },
  );
});

describe('the name of a connection', () => {
  test.each(['main', 'a', 'team_2', `a${'b'.repeat(39)}`])(
    'may be "%s", which fits n8n’s dotted expression',
    (name) => {
      expect(() => assertName('connection', name)).not.toThrow();
    },
  );

  test.each(['', 'Main', '2nd', '_a', 'a-b', 'a.b', 'a b', 'ticket#1', `a${'b'.repeat(40)}`, 'ä'])(
    'may not be "%s", and the error says which names fit',
    (name) => {
      expect(() => assertName('connection', name)).toThrow(Failure);
      expect(() => assertName('app', name)).toThrow(
        expect.objectContaining({
          class: 'rejected',
          code: 'invalid_name',
          action: 'Use a lower-case letter, then up to 39 lower-case letters, digits and underscores.',
        }),
      );
    },
  );
});
