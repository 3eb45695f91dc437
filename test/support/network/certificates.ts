import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Key and certificate of a server, PEM. */
export interface Pair {
  key: Buffer;
  cert: Buffer;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Creates a certificate authority in a temporary folder. */
export function createAuthority() {
  const folder = mkdtempSync(join(tmpdir(), 'zoom-tokens-authority-'));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const read = (name: string): Pair => ({
    key: readFileSync(file(`${name}.key`)),
    cert: readFileSync(file(`${name}.pem`)),
  });
  const selfSign = (name: string, ...args: string[]): Pair => {
    openssl(
      ...['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${name}`, ...args],
      ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)],
    );
    return read(name);
  };
  selfSign('authority');

  return {
    /** Path of the authority's own certificate. */
    path: file('authority.pem'),

    /** Issues a certificate for host names and addresses, such as `DNS:*.amazonaws.com`. */
    issue(name: string, alternativeNames: string, days = 2): Pair {
      openssl(
        ...['req', '-new', ...NEW_KEY, '-subj', `/CN=${name}`],
        ...['-keyout', file(`${name}.key`), '-out', file(`${name}.csr`)],
      );
      writeFileSync(file(`${name}.ext`), `subjectAltName=${alternativeNames}\n`);
      openssl(
        ...['x509', '-req', '-in', file(`${name}.csr`), '-days', `${days}`, '-extfile', file(`${name}.ext`)],
        ...['-CA', file('authority.pem'), '-CAkey', file('authority.key'), '-CAcreateserial'],
        ...['-out', file(`${name}.pem`)],
      );
      return read(name);
    },

    /** Creates a certificate that no authority has issued. */
    selfSign: (name: string, alternativeNames: string) =>
      selfSign(name, '-addext', `subjectAltName=${alternativeNames}`),

    close: () => rmSync(folder, { recursive: true }),
  };
}
