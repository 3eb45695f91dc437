import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { createHandler as createCallback } from '../../../lambdas/callback.ts';
import { createHandler as createOperator } from '../../../lambdas/operator.ts';
import type { OperatorResponse } from '../../../lambdas/operator-protocol.ts';
import { createHandler as createRotate } from '../../../lambdas/rotate.ts';
import type { Runtime } from '../../../lambdas/runtime.ts';
import { connectServerToServer } from '../../../lambdas/tokens/consent/connect-server-to-server.ts';
import { createLink } from '../../../lambdas/tokens/consent/create-link.ts';
import { type LinkOutcome, linkOutcome } from '../../../lambdas/tokens/consent/link-outcome.ts';
import { moveConnection } from '../../../lambdas/tokens/operate/move-connection.ts';
import { type Place, placeOf } from '../../../lambdas/tokens/publication/place.ts';
import { asCallback } from '../world/keys.ts';
import { FUNCTION_SECONDS } from '../world/world.ts';
import { SERVER_APP } from '../world/zoom-model.ts';
import { deauthorization, signedHeaders } from '../zoom-event.ts';
import type { Service } from './faults.ts';
import type { Lab } from './lab.ts';

const HOUR = 3600;
const BUNDLE = placeOf('sales');

type LabRuntime = ReturnType<Lab['runtime']>;

/** One invocation of a function, and the state before it. */
export interface Scenario {
  grantType: 'authorization_code' | 'account_credentials';
  /** The service whose calls get faults. Default: all. */
  only?: Service;
  /**
   * Updates between the exchange and the commit. A consent claims its Zoom user and closes the pair of tokens, which tells the
   * connection's item its version where there is a pair.
   */
  updatesBeforeCommit?: number;
  prepare(lab: Lab): Promise<void>;
  /** Returns the pages that a browser saw, if any. */
  invoke(lab: Lab, runtime: LabRuntime): Promise<APIGatewayProxyStructuredResultV2[]>;
}

export const SCENARIOS = {
  'a rotation': {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
      lab.pass(HOUR - 600);
    },
    invoke: sweepOnce,
  },
  'a Server-to-Server rotation': {
    grantType: 'account_credentials',
    prepare: async (lab) => {
      const options = { deadline: lab.now() + FUNCTION_SECONDS };
      await connectServerToServer({ connection: 'main', app: SERVER_APP }, lab.healthy, options);
      lab.pass(HOUR / 2);
    },
    invoke: sweepOnce,
  },
  'a publication': {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
      lab.pass(HOUR - 600);
      const vault = { ...lab.healthy.vault, publish: () => Promise.reject(new Error('down')) };
      await sweepOnce(lab, { ...lab.healthy, vault });
      lab.pass(60);
    },
    invoke: sweepOnce,
  },
  'a rotation that is pushed to n8n': {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
      await linkOnce(lab, lab.healthy);
      lab.pass(HOUR - 600);
    },
    invoke: sweepOnce,
  },
  'a link to n8n': {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
    },
    invoke: linkOnce,
  },
  // n8n is restarted while the operator links again: the credential stays the one that is linked.
  'a repeated link to n8n': {
    grantType: 'authorization_code',
    only: 'n8n',
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
      await linkOnce(lab, lab.healthy);
      lab.pass(60);
    },
    invoke: linkOnce,
  },
  'a first consent': {
    grantType: 'authorization_code',
    updatesBeforeCommit: 2,
    prepare: async () => {},
    invoke: consent,
  },
  'a consent again': {
    grantType: 'authorization_code',
    updatesBeforeCommit: 3,
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
      lab.pass(HOUR / 4);
    },
    invoke: consent,
  },
  // The second tab presses the button and comes back too. The code is sent once.
  'a consent in two tabs': {
    grantType: 'authorization_code',
    updatesBeforeCommit: 2,
    prepare: async () => {},
    invoke: consentInTwoTabs,
  },
  // The person is at Zoom while the operator takes the link back.
  "a link's cancellation": {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
      lab.pass(HOUR / 4);
      await sweepOnce(lab, lab.healthy);
      await leaveAtZoom(lab);
    },
    invoke: async (lab, runtime) => {
      await cancelOnce(lab, runtime);
      return [];
    },
  },
  // The connection stays with its user, whatever the fault is.
  'a refused consent': {
    grantType: 'authorization_code',
    updatesBeforeCommit: 1,
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
      lab.pass(HOUR / 4);
    },
    invoke: (lab, runtime) => consent(lab, runtime, 'another-user'),
  },
  "Zoom's webhook of a deauthorization": {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
      lab.pass(HOUR / 4);
      await sweepOnce(lab, lab.healthy);
      lab.zoom.deauthorize('main');
    },
    invoke: deauthorizeOnce,
  },
  'a disconnection': {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await consent(lab, lab.healthy);
      lab.pass(HOUR / 4);
      // A sweep writes the log lines and metrics that the search for secrets needs.
      await sweepOnce(lab, lab.healthy);
    },
    invoke: async (lab, runtime) => {
      await disconnectOnce(lab, runtime);
      return [];
    },
  },
  "a disconnection of a bundle's member": {
    grantType: 'authorization_code',
    only: 'secretsmanager',
    prepare: async (lab) => {
      const options = { deadline: lab.now() + FUNCTION_SECONDS };
      await consent(lab, lab.healthy);
      const operator = { ...lab.healthy, starter: undefined };
      await connectServerToServer({ connection: 'other', app: SERVER_APP, place: BUNDLE }, operator, options);
      await moveConnection({ connection: 'main', place: BUNDLE, keepSeconds: 0 }, operator, options);
      lab.pass(HOUR / 4);
      await sweepOnce(lab, lab.healthy);
    },
    invoke: async (lab, runtime) => {
      await disconnectOnce(lab, { ...runtime, starter: undefined });
      return [];
    },
  },
} satisfies Record<string, Scenario>;

/** Runs the rotate function, as the scheduler does. */
export async function sweepOnce(lab: Lab, runtime: LabRuntime): Promise<[]> {
  await createRotate(() => runtime)({}, contextOf(lab));
  return [];
}

/** Links the connection to n8n, as `zoom-tokens n8n link main` does. */
export async function linkOnce(lab: Lab, runtime: Runtime): Promise<[]> {
  const n8n = { instance: 'office', url: lab.n8nUrl, apiKey: lab.n8n.apiKey };
  const response = await createOperator(() => runtime)(
    { action: 'n8n-link', connection: 'main', ...n8n },
    contextOf(lab),
  );
  if (!response.ok) throw new Error(JSON.stringify(response));
  return [];
}

/** Disconnects the connection, as `zoom-tokens disconnect main` does. */
export async function disconnectOnce(lab: Lab, runtime: Runtime): Promise<OperatorResponse> {
  return createOperator(() => runtime)({ action: 'disconnect', connection: 'main' }, contextOf(lab));
}

/** Delivers the event that the user `main` removed the app, signed as Zoom signs it. Returns the response to Zoom. */
export async function deauthorizeOnce(
  lab: Lab,
  runtime: LabRuntime,
): Promise<APIGatewayProxyStructuredResultV2[]> {
  const body = deauthorization('main', lab.zoom.clientId, lab.now());
  const event = {
    ...eventOf('POST', new URL(`${runtime.publicUrl}/zoom/events`), []),
    headers: signedHeaders(body, lab.now()),
    body,
  };
  return [await callbackOf(runtime)(event, contextOf(lab))];
}

type Page = APIGatewayProxyStructuredResultV2;

/** Opens a link of the operator and consents at Zoom, as a browser does. Returns the pages. */
export async function consent(
  lab: Lab,
  runtime: LabRuntime,
  user = 'main',
  wanted: Partial<WantedLink> = {},
): Promise<Page[]> {
  const { link } = await newLink(lab, wanted);
  const redirect = await press(lab, runtime, link);
  if (redirect.statusCode !== 303) return [redirect];
  return [redirect, await comeBack(lab, runtime, consentAtZoom(lab, redirect, user))];
}

/** Presses the link's button and comes back from Zoom in two tabs of one browser. Returns the pages. */
async function consentInTwoTabs(lab: Lab, runtime: LabRuntime): Promise<Page[]> {
  const { link } = await newLink(lab);
  const first = await press(lab, runtime, link);
  const second = await press(lab, runtime, link, cookieOf(first));
  const redirect = [first, second].find(({ statusCode }) => statusCode === 303);
  if (!redirect) return [first, second];
  const back = consentAtZoom(lab, redirect, 'main');
  return [first, second, await comeBack(lab, runtime, back), await comeBack(lab, runtime, back)];
}

/** Makes a link for "main", and lets its person consent at Zoom without coming back. */
async function leaveAtZoom(lab: Lab): Promise<void> {
  const { id, link } = await newLink(lab);
  const redirect = await press(lab, lab.healthy, link);
  lab.atZoom = { id, back: consentAtZoom(lab, redirect, 'main') };
}

/** Lets the person come back from Zoom. Returns the page, and what the operator learns of the link. */
export async function returnFromZoom(lab: Lab): Promise<{ page: Page; outcome: LinkOutcome }> {
  if (!lab.atZoom) throw new Error('Nobody is at Zoom');
  const { id, back } = lab.atZoom;
  const page = await comeBack(lab, lab.healthy, back);
  return { page, outcome: await linkOutcome(id, lab.healthy) };
}

/** Takes back the links of "main", as `zoom-tokens connect main --cancel` does. */
export async function cancelOnce(lab: Lab, runtime: Runtime): Promise<OperatorResponse> {
  return createOperator(() => runtime)({ action: 'links-cancel', connection: 'main' }, contextOf(lab));
}

interface WantedLink {
  connection: string;
  place: Place;
}

async function newLink(lab: Lab, wanted: Partial<WantedLink> = {}) {
  const { healthy, zoom } = lab;
  const request = { connection: 'main', app: 'default', ...wanted };
  const created = await createLink(request, healthy, healthy.publicUrl);
  zoom.secrets.add(new URL(created.link).searchParams.get('ticket') ?? '');
  return created;
}

/** The address to which Zoom sends a browser back, and its cookies. */
interface Return {
  url: URL;
  cookies: string[];
}

/** The callback function: it has no private key and no n8n. */
const callbackOf = (runtime: LabRuntime) => createCallback(() => asCallback(runtime, runtime.publishedKey));

const press = (lab: Lab, runtime: LabRuntime, link: string, cookies: string[] = []) =>
  callbackOf(runtime)(eventOf('POST', new URL(link), cookies), contextOf(lab));

const comeBack = (lab: Lab, runtime: LabRuntime, { url, cookies }: Return) =>
  callbackOf(runtime)(eventOf('GET', url, cookies), contextOf(lab));

const cookieOf = ({ cookies = [] }: Page): string[] => cookies.map((line) => line.split(';')[0] ?? '');

function consentAtZoom(lab: Lab, redirect: Page, user: string): Return {
  const cookies = cookieOf(redirect);
  for (const cookie of cookies) lab.zoom.secrets.add(cookie.slice(cookie.indexOf('=') + 1));
  const state = new URL(String(redirect.headers?.Location)).searchParams.get('state') ?? '';
  const url = new URL(`${lab.healthy.publicUrl}/callback`);
  url.search = new URLSearchParams({ code: lab.zoom.consent(user), state }).toString();
  return { url, cookies };
}

export function contextOf(lab: Lab): Context {
  const end = lab.now() + FUNCTION_SECONDS;
  return { getRemainingTimeInMillis: () => (end - lab.now()) * 1000 } as Context;
}

function eventOf(method: 'GET' | 'POST', url: URL, cookies: string[]): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    cookies,
    // As a browser says where a form comes from.
    headers: method === 'POST' ? { origin: 'null' } : {},
    queryStringParameters: Object.fromEntries(url.searchParams),
    requestContext: { http: { method, path: url.pathname } },
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEventV2;
}
