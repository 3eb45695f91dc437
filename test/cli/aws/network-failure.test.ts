import { describe, expect, test } from '@jest/globals';
import { networkFailure } from '../../../cli/aws/network-failure.ts';
import { isKnownRegion, regionUnknown } from '../../../cli/aws/regions.ts';

const systemError = (code: string, fields: object = {}) =>
  Object.assign(new Error(code), { code, ...fields });
const at = (hostname: string) => new URL(`https://${hostname}/2015-03-31/functions`);

describe('a TLS failure', () => {
  test.each([
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_REVOKED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_TLS_HANDSHAKE_TIMEOUT',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'EPROTO',
  ])('with the code %s is misconfigured and names the variables for a CA', (code) => {
    expect(networkFailure(systemError(code), at('lambda.us-east-1.amazonaws.com'), undefined)).toMatchObject({
      class: 'misconfigured',
      code: 'aws_tls',
      message: expect.stringMatching(new RegExp(`lambda\\.us-east-1\\.amazonaws\\.com.*\\(${code}\\)\\.$`)),
      action: expect.stringMatching(/NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE/),
    });
  });
});

describe('a Region whose endpoint does not resolve', () => {
  const unresolved = (hostname: string) => systemError('ENOTFOUND', { hostname });

  test.each([
    ['lambda.us-est-1.amazonaws.com', 'us-est-1', 'us-east-1'],
    ['portal.sso.eu-central1.amazonaws.com', 'eu-central1', 'eu-central-1'],
    ['secretsmanager.us-east-1a.amazonaws.com', 'us-east-1a', 'us-east-1'],
    ['lambda.cn-nort-1.amazonaws.com.cn', 'cn-nort-1', 'cn-north-1'],
  ])('in %s is named with the closest Region', (hostname, region, suggestion) => {
    expect(networkFailure(unresolved(hostname), at(hostname), undefined)).toMatchObject({
      class: 'misconfigured',
      code: 'unknown_region',
      message: `There is no AWS Region "${region}". Did you mean ${suggestion}?`,
    });
  });

  test('that resembles no Region is named without a suggestion', () => {
    expect(regionUnknown('frankfurt')).toMatchObject({ message: 'There is no AWS Region "frankfurt".' });
  });

  test('that is a Region means that there is no network', () => {
    const hostname = 'lambda.eu-central-1.amazonaws.com';
    expect(networkFailure(unresolved(hostname), at(hostname), undefined)).toMatchObject({
      class: 'retry',
      code: 'aws_unreachable',
      message: `AWS is unreachable: ${hostname} does not resolve (ENOTFOUND).`,
    });
  });

  test('behind a proxy whose own name does not resolve names the proxy', () => {
    const proxy = new URL('http://proxy.test:3128');
    const hostname = 'lambda.us-est-1.amazonaws.com';
    expect(networkFailure(unresolved('proxy.test'), at(hostname), proxy)).toMatchObject({
      code: 'proxy_failed',
      message: 'The proxy proxy.test:3128 does not resolve (ENOTFOUND).',
    });
  });
});

test('a failure keeps the error as its cause, from which the SDK concludes whether to retry', () => {
  const error = systemError('ECONNRESET');
  expect(networkFailure(error, at('lambda.us-east-1.amazonaws.com'), undefined)).toMatchObject({
    cause: error,
  });
});

test('an abort and an error that is not of the network are returned unchanged', () => {
  const abort = Object.assign(new Error('aborted'), { name: 'AbortError', code: 'ABORT_ERR' });
  expect(networkFailure(abort, at('lambda.us-east-1.amazonaws.com'), undefined)).toBe(abort);
  const other = new RangeError('other');
  expect(networkFailure(other, at('lambda.us-east-1.amazonaws.com'), undefined)).toBe(other);
});

test('the list of Regions is the one of the AWS SDK', async () => {
  // The SDK exports its partitions for no other use, so this reads the file.
  const file = '@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js';
  const { partitionsInfo } = await import(new URL(`../../../node_modules/${file}`, import.meta.url).pathname);
  const regions = (partitionsInfo.partitions as { regions: object }[])
    .flatMap((each) => Object.keys(each.regions))
    .filter((region) => !region.endsWith('-global'));
  expect(regions.length).toBeGreaterThan(40);
  expect(regions.filter((region) => !isKnownRegion(region))).toEqual([]);
});
