import { timingSafeEqual } from 'node:crypto';
import { AuthorizationResponseError, validateAuthResponse } from 'oauth4webapi';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';

/**
 * Reads what Zoom sent through the browser (RFC 6749 section 4.1.2). Answers the authorization code.
 * @param state of the consent that this very browser started
 * @throws {Failure} `rejected`: `state_mismatch`, `consent_declined` or `answer_invalid`
 */
export function verifyAuthorizationResponse(
  parameters: URLSearchParams,
  state: string,
  { zoom }: Pick<Dependencies, 'zoom'>,
): string {
  if (!equalInConstantTime(parameters.get('state') ?? '', state)) {
    throw new Failure(
      'rejected',
      'state_mismatch',
      'The answer does not belong to the consent that this browser started.',
      'Ask for a new link and finish it in one tab.',
    );
  }
  try {
    const verified = validateAuthResponse(zoom.server, { client_id: 'any' }, parameters, state);
    const [code, ...more] = verified.getAll('code');
    // One that comes twice is nobody's honest answer.
    if (code && more.length === 0) return code;
  } catch (error) {
    if (error instanceof AuthorizationResponseError && error.error === 'access_denied') {
      throw new Failure(
        'rejected',
        'consent_declined',
        'The consent was declined at Zoom; nothing was changed.',
        'Ask for a new link if that was not meant.',
      );
    }
  }
  throw new Failure(
    'rejected',
    'answer_invalid',
    'Zoom sent no authorization code.',
    'Ask for a new link; if it happens again, check the app in the Zoom App Marketplace.',
  );
}

function equalInConstantTime(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
