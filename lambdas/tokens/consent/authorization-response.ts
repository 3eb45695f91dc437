import { timingSafeEqual } from 'node:crypto';
import { AuthorizationResponseError, validateAuthResponse } from 'oauth4webapi';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';

/**
 * Throws unless the response belongs to the consent that this browser started.
 * @param state of that consent
 * @throws {Failure} `rejected` (`state_mismatch`)
 */
export function assertState(parameters: URLSearchParams, state: string): void {
  if (!equalInConstantTime(parameters.get('state') ?? '', state)) throw stateMismatch();
}

/**
 * Verifies Zoom's authorization response (RFC 6749, section 4.1.2) and returns its authorization code.
 * @param state of the consent that this browser started
 * @throws {Failure} `rejected` (`consent_declined`, `answer_invalid`)
 */
export function readAuthorizationCode(
  parameters: URLSearchParams,
  state: string,
  { zoom }: Pick<Dependencies, 'zoom'>,
): string {
  try {
    const verified = validateAuthResponse(zoom.server, { client_id: 'any' }, parameters, state);
    const [code, ...more] = verified.getAll('code');
    // RFC 6749, section 3.1: no parameter is included more than once.
    if (code && more.length === 0) return code;
  } catch (error) {
    if (error instanceof AuthorizationResponseError && error.error === 'access_denied') throw declined();
  }
  throw codeMissing();
}

function equalInConstantTime(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function stateMismatch(): Failure {
  return new Failure(
    'rejected',
    'state_mismatch',
    'Zoom’s response does not belong to the sign-in that this browser started last.',
    'Go on in the tab in which you began last. If it is closed, open your link again.',
  );
}

/**
 * Returns whether the response says that the user declined. It is true in any browser, such as after a reload, when the
 * cookie of the consent is gone.
 */
export const isDeclined = (parameters: URLSearchParams): boolean =>
  parameters.get('error') === 'access_denied';

export function declined(): Failure {
  return new Failure(
    'rejected',
    'consent_declined',
    'You declined at Zoom. Nothing was connected.',
    'If that was a mistake, ask for a new link.',
  );
}

function codeMissing(): Failure {
  return new Failure(
    'rejected',
    'answer_invalid',
    'Zoom returned no valid authorization code.',
    'Ask for a new link. If this happens again, your administrator must check the app in the Zoom App Marketplace.',
  );
}
