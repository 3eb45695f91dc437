import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { createRotateStarter } from './aws/rotate-starter.ts';
import { type CallbackRuntime, createRuntime } from './runtime.ts';
import { beginConsent, type LinkVisit, readLink } from './tokens/consent/begin-consent.ts';
import { ConsentOver } from './tokens/consent/consent-attempt.ts';
import { finishConsent } from './tokens/consent/finish-consent.ts';
import { FINISHED_SECONDS } from './tokens/consent/pending-consent.ts';
import { Failure } from './tokens/errors.ts';
import { connectedPage } from './web/connected-page.ts';
import { readCookie, setCookie } from './web/consent-cookie.ts';
import { errorPage } from './web/error-page.ts';
import { linkPage } from './web/link-page.ts';
import { deadlineOf, logFailure } from './web/middleware.ts';
import { assertPressedButton } from './web/pressed-button.ts';
import { repeatedPage } from './web/repeated-page.ts';

type Result = Promise<APIGatewayProxyStructuredResultV2>;

/** Shows what the browser that used a link has made of it; without its cookie, that the link was used. */
export async function showUsedLink(event: APIGatewayProxyEventV2, runtime: CallbackRuntime): Result {
  const link = await readLink(visitOf(event, runtime), runtime);
  const { asker, zoom } = runtime;
  if ('repeated' in link) return repeatedPage(link, asker);
  return linkPage(link, { asker, zoomOrigin: zoom.server.issuer, now: runtime.now() });
}

/** Uses a link up and redirects to Zoom. */
export async function redirectToZoom(event: APIGatewayProxyEventV2, runtime: CallbackRuntime): Result {
  assertPressedButton(event, runtime.publicUrl);
  const begun = await beginConsent(visitOf(event, runtime), runtime);
  if ('repeated' in begun) return repeatedPage(begun, runtime.asker);
  return {
    statusCode: 303,
    headers: { Location: begun.location, 'Cache-Control': 'no-store' },
    cookies: [setCookie(runtime.publicUrl, begun.cookie, begun.seconds)],
  };
}

/** Receives Zoom's authorization response. */
export async function receiveAuthorization(
  event: APIGatewayProxyEventV2,
  context: Context,
  runtime: CallbackRuntime,
): Result {
  const parameters = new URLSearchParams(event.rawQueryString);
  const options = { deadline: deadlineOf(context, runtime.now()) };
  try {
    const result = await finishConsent({ parameters, cookie: cookieOf(event, runtime) }, runtime, options);
    if ('repeated' in result) return repeatedPage(result, runtime.asker);
    const cookie = setCookie(runtime.publicUrl, result.finishedCookie, FINISHED_SECONDS);
    return { ...connectedPage(result, { asker: runtime.asker, now: runtime.now() }), cookies: [cookie] };
  } catch (error) {
    if (!isCookieUseless(error)) throw error;
    logFailure(error);
    return { ...errorPage(error, runtime.asker), cookies: [setCookie(runtime.publicUrl, '', 0)] };
  }
}

const visitOf = (event: APIGatewayProxyEventV2, runtime: CallbackRuntime): LinkVisit => ({
  ticket: event.queryStringParameters?.ticket,
  cookie: cookieOf(event, runtime),
});

const cookieOf = (
  { cookies = [] }: APIGatewayProxyEventV2,
  { publicUrl }: CallbackRuntime,
): string | undefined => readCookie(publicUrl, cookies);

/**
 * Returns whether the browser's cookie can finish no consent any more. Another state leaves the cookie: it belongs to a later
 * consent of this browser, which must not suffer from a stranger's address.
 */
const isCookieUseless = (error: unknown): boolean =>
  error instanceof ConsentOver ||
  (error instanceof Failure && (error.code === 'consent_expired' || error.code === 'consent_unknown'));

/** The callback function alone starts another one: the operator function makes its steps itself. */
export const withStarter = ({ rotateFunctionName, ...runtime }: CallbackRuntime): CallbackRuntime => ({
  ...runtime,
  ...(rotateFunctionName !== undefined && { starter: createRotateStarter(rotateFunctionName) }),
});

/** Builds the runtime of the deployed function. */
export const createCallbackRuntime = (): CallbackRuntime => withStarter(createRuntime());

export { receiveEvent } from './web/zoom-events.ts';
