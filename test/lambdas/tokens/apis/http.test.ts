import { describe, expect, test } from '@jest/globals';
import { requestFailure, tlsProblem } from '../../../../lambdas/tokens/apis/http.ts';

/** As `fetch` rejects: the system's code is in the cause. */
const fetchFailed = (code: string) => new TypeError('fetch failed', { cause: { code } });

describe('a failed request', () => {
  test.each(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH'])(
    'with %s was never sent',
    (code) => {
      expect(requestFailure(fetchFailed(code))).toEqual({ kind: 'unreachable', code });
    },
  );

  // https://nodejs.org/api/tls.html#x509-certificate-error-codes
  test.each([
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_CRL',
    'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_SIGNATURE_FAILURE',
    'CERT_CHAIN_TOO_LONG',
    'CERT_REVOKED',
    'CERT_UNTRUSTED',
    'CERT_REJECTED',
    'CRL_HAS_EXPIRED',
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'HOSTNAME_MISMATCH',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_TLS_CERT_ALTNAME_FORMAT',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'EPROTO',
  ])('with %s made no trusted connection', (code) => {
    expect(requestFailure(fetchFailed(code))).toEqual({ kind: 'tls', code });
  });

  test.each([
    'ECONNRESET',
    'EPIPE',
    'HPE_INVALID_CONSTANT',
    'UND_ERR_SOCKET',
    'Z_DATA_ERROR',
    'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
    'INVALID_CARD',
  ])('with %s may have been acted on', (code) => {
    expect(requestFailure(fetchFailed(code))).toEqual({ kind: 'no_response', code });
  });

  test('whose response was too large is told apart', () => {
    const code = 'RESPONSE_TOO_LARGE';
    expect(requestFailure(fetchFailed(code))).toEqual({ kind: 'too_large', code });
  });

  test('that reached its deadline, or was aborted, is a timeout', () => {
    expect(requestFailure(new DOMException('late', 'TimeoutError'))).toEqual({
      kind: 'timeout',
      code: 'TimeoutError',
    });
    expect(requestFailure(AbortSignal.abort().reason)).toEqual({ kind: 'timeout', code: 'AbortError' });
  });

  test.each([['odd'], [undefined], [null], [7], [{ code: 7 }]])('may be anything: %p', (error) => {
    expect(requestFailure(error)).toEqual({ kind: 'no_response', code: 'unknown' });
  });
});

test.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate of n8n.example.com is self-signed'],
  ['CERT_HAS_EXPIRED', 'the certificate of n8n.example.com, or one of its chain, has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate of n8n.example.com was issued for another host name'],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'the certificate chain of n8n.example.com is incomplete or ends at an authority that is not trusted',
  ],
  ['INVALID_CA', 'the certificate of n8n.example.com is not trusted'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the port of n8n.example.com does not speak TLS'],
  ['EPROTO', 'the TLS handshake with n8n.example.com failed'],
])('the problem %s is put in plain words', (code, problem) => {
  expect(tlsProblem(code, 'n8n.example.com')).toBe(`${problem} (${code})`);
});
