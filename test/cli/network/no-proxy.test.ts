import { expect, test } from '@jest/globals';
import { proxyFor } from '../../../cli/network/proxy.ts';

const PROXY = 'http://proxy.test:3128';

/** Python's `proxy_bypass_environment`, which the AWS CLI uses, decides alike where no other source is named. */
test.each<[noProxy: string, target: string, isDirect: boolean]>([
  ['lambda.us-east-1.amazonaws.com', 'https://lambda.us-east-1.amazonaws.com', true],
  ['amazonaws.com', 'https://lambda.us-east-1.amazonaws.com', true],
  ['.amazonaws.com', 'https://lambda.us-east-1.amazonaws.com', true],
  ['.amazonaws.com', 'https://amazonaws.com', true],
  ['AmazonAWS.com', 'https://lambda.us-east-1.amazonaws.com', true],
  ['aws.com', 'https://lambda.us-east-1.amazonaws.com', false],
  ['zoom.us, amazonaws.com ', 'https://lambda.us-east-1.amazonaws.com', true],
  ['zoom.us amazonaws.com', 'https://lambda.us-east-1.amazonaws.com', true],
  ['*', 'https://lambda.us-east-1.amazonaws.com', true],
  ['*.amazonaws.com', 'https://lambda.us-east-1.amazonaws.com', true],
  ['', 'https://lambda.us-east-1.amazonaws.com', false],
  [',', 'https://lambda.us-east-1.amazonaws.com', false],
  ['amazonaws.com:443', 'https://lambda.us-east-1.amazonaws.com', true],
  ['amazonaws.com:8443', 'https://lambda.us-east-1.amazonaws.com:8443', true],
  ['amazonaws.com:8443', 'https://lambda.us-east-1.amazonaws.com', false],
  ['10.1.2.3', 'https://10.1.2.3', true],
  ['10.1.2.3:8443', 'https://10.1.2.3:8443', true],
  ['10.0.0.0/8', 'https://10.1.2.3', true],
  ['10.0.0.0/16', 'https://10.1.2.3', false],
  ['10.0.0.0/64', 'https://10.1.2.3', false],
  ['10.0.0.0/8', 'https://lambda.us-east-1.amazonaws.com', false],
  ['fd00::1', 'https://[fd00::1]', true],
  ['[fd00::1]', 'https://[fd00::1]', true],
  ['[fd00::1]:8443', 'https://[fd00::1]:8443', true],
  ['fd00::/8', 'https://[fd00::1]', true],
])('with NO_PROXY="%s" a request to %s is direct: %s', (noProxy, target, isDirect) => {
  const environment = { HTTPS_PROXY: PROXY, NO_PROXY: noProxy };
  expect(proxyFor(new URL(target), environment)?.origin).toBe(isDirect ? undefined : PROXY);
  const lowerCase = { https_proxy: PROXY, no_proxy: noProxy };
  expect(proxyFor(new URL(target), lowerCase)?.origin).toBe(isDirect ? undefined : PROXY);
});

const AWS = new URL('https://lambda.us-east-1.amazonaws.com');

test('the lower-case name takes precedence, also when it is empty', () => {
  expect(proxyFor(AWS, { https_proxy: 'http://low.test', HTTPS_PROXY: PROXY })?.host).toBe('low.test');
  expect(proxyFor(AWS, { https_proxy: '', HTTPS_PROXY: PROXY })).toBeUndefined();
  expect(proxyFor(AWS, { HTTPS_PROXY: PROXY, no_proxy: '', NO_PROXY: '*' })?.origin).toBe(PROXY);
});

test('each scheme of a target has its own proxy', () => {
  expect(proxyFor(AWS, { HTTP_PROXY: PROXY, ALL_PROXY: PROXY })).toBeUndefined();
  expect(proxyFor(new URL('http://lambda.test'), { HTTPS_PROXY: PROXY })).toBeUndefined();
  expect(proxyFor(new URL('http://lambda.test'), { HTTP_PROXY: PROXY })?.origin).toBe(PROXY);
});

test.each(['http://localhost:4566', 'http://127.0.0.1:4566', 'http://[::1]:4566'])(
  'a request to %s never takes a proxy',
  (target) => {
    expect(proxyFor(new URL(target), { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY })).toBeUndefined();
  },
);

test.each(['proxy.test:3128', '//proxy.test:3128', 'HTTP://proxy.test:3128', ' http://proxy.test:3128 '])(
  'the proxy "%s" is understood',
  (value) => {
    expect(proxyFor(AWS, { HTTPS_PROXY: value })?.origin).toBe(PROXY);
  },
);
