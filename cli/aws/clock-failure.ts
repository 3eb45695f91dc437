import { Failure } from '../../lambdas/operator-protocol.ts';
import { formatDuration } from '../terminal/time.ts';

/** AWS accepts signatures that are up to five minutes old or early. */
const MAX_SKEW_SECONDS = 5 * 60;

/** Errors that are about the time alone, and errors that a wrong clock may cause. */
const ABOUT_TIME = /^(RequestExpired|RequestTimeTooSkewed|RequestInTheFuture)/;
const MAYBE_ABOUT_TIME = /^(InvalidSignature|SignatureDoesNotMatch|AuthFailure|ExpiredToken)/;
/** "Signature expired: 20260101T000000Z is now earlier than …", "Signature not yet current: …" */
const TIME_IN_TEXT = /Signature (expired|not yet current)/i;

/** An error of the AWS SDK. */
export interface AwsError extends Error {
  /** Set by Node. */
  code?: string;
  $metadata?: { httpStatusCode?: number };
  /** AWS's response, as far as there was one. */
  $response?: { statusCode?: number; headers?: Record<string, string> };
}

/**
 * Returns the failure for a signature that AWS rejected because this machine's clock is wrong; `undefined` for any other
 * error. The SDK corrects a wrong clock by the first response, so this is one that it could not correct.
 */
export function clockFailure({ name, message, $response }: AwsError): Failure | undefined {
  const skew = skewSeconds($response?.headers?.date);
  const isSkewed = skew !== undefined && Math.abs(skew) > MAX_SKEW_SECONDS;
  const isAboutTime = ABOUT_TIME.test(name) || TIME_IN_TEXT.test(message);
  if (!isAboutTime && !(isSkewed && MAYBE_ABOUT_TIME.test(name))) return undefined;
  const state = isSkewed
    ? `your clock is ${formatDuration(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} AWS`
    : 'your clock and the clock of AWS differ by more than 5 minutes';
  return new Failure(
    'misconfigured',
    'clock_skewed',
    `AWS rejected the request's signature (${name}): ${state}.`,
    'Set the clock of this machine. Linux: sudo timedatectl set-ntp true. WSL: sudo hwclock --hctosys.',
  );
}

/** @param date the header of AWS's response */
function skewSeconds(date: string | undefined): number | undefined {
  const theirs = Date.parse(date ?? '');
  return Number.isNaN(theirs) ? undefined : (Date.now() - theirs) / 1000;
}
