import '../../support/services/output.ts';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { EncryptJWT } from 'jose';
import { deriveLinkKeys } from '../../../lambdas/tokens/sealing/keyring.ts';
import {
  ANOTHER_BROWSER,
  CODE_REFUSED,
  expectRefused,
  HOSTILE,
  NO_CODE,
  NO_COOKIE,
  OTHER_TAB,
  type Refusal,
} from '../../support/services/bad-input.ts';
import { type BrowserResponse, createFunctions, type Functions } from '../../support/services/handlers.ts';
import { DEPLOYED_URL, type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: Functions;
beforeAll(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterAll(() => services.close());

/** Visits the callback as Zoom's redirect does, with the browser's own state unless another is given. */
async function returnWith(
  parameters: Record<string, string>,
  { cookies, location }: { cookies?: string[]; location: string },
): Promise<BrowserResponse> {
  const state = new URL(location).searchParams.get('state') ?? '';
  const query = new URLSearchParams({ state, ...parameters });
  return functions.visit(`${DEPLOYED_URL}/callback?${query}`, cookies && { cookies });
}

/** Returns a cookie with the right claims, without what a forger cannot know. */
function forgedCookie(kid: string, key: Uint8Array, audience = 'consent'): Promise<string> {
  return new EncryptJWT({ app: 'default', state: 's'.repeat(43), codeVerifier: 'v'.repeat(43) })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
    .setAudience(audience)
    .setSubject('main')
    .setExpirationTime(services.clock.now() + 600)
    .encrypt(key);
}

/** Each prepares the state and returns the bad request. */
type Rows = [input: string, prepare: () => Promise<() => Promise<BrowserResponse>>, refusal: Refusal][];

const cookies: Rows = [
  [
    'neither parameters nor a cookie',
    async () => () => functions.visit(`${DEPLOYED_URL}/callback`),
    NO_COOKIE,
  ],
  [
    'no cookie',
    async () => {
      const { returned } = await functions.consent('main');
      return () => functions.visit(returned);
    },
    NO_COOKIE,
  ],
  [
    'the cookie without the prefix that binds it to this host',
    async () => {
      const { returned, cookies } = await functions.consent('main');
      const planted = cookies.map((cookie) => cookie.replace('__Host-', ''));
      return () => functions.visit(returned, { cookies: planted });
    },
    NO_COOKIE,
  ],
  [
    'the deleted cookie of a finished consent',
    async () => {
      const { returned } = await functions.connect('main');
      return () => functions.visit(returned, { cookies: ['__Host-zoom-consent='] });
    },
    NO_COOKIE,
  ],
  ...[
    ['a word instead of a cookie', async () => 'hello'] as const,
    ['HTML instead of a cookie', async () => HOSTILE] as const,
    [
      'a cookie sealed with another key',
      () => forgedCookie(deriveLinkKeys(services.linkKey).id, new Uint8Array(32)),
    ] as const,
    [
      'a cookie with a made-up key id',
      () => forgedCookie('made-up', deriveLinkKeys(services.linkKey).cookie),
    ] as const,
    [
      'a cookie sealed with a key of the seed for tokens',
      () => forgedCookie(deriveLinkKeys(services.linkKey).id, deriveLinkKeys(services.seed).cookie),
    ] as const,
    [
      'a cookie for another audience',
      () =>
        forgedCookie(deriveLinkKeys(services.linkKey).id, deriveLinkKeys(services.linkKey).cookie, 'else'),
    ] as const,
  ].map(([input, cookie]): Rows[number] => [
    input,
    async () => {
      const { returned } = await functions.consent('main');
      const value = await cookie();
      return () => functions.visit(returned, { cookies: [`__Host-zoom-consent=${value}`] });
    },
    ANOTHER_BROWSER,
  ]),
  [
    'a cookie half an hour old',
    async () => {
      const { returned, cookies } = await functions.consent('main');
      services.clock.advance(1800);
      return () => functions.visit(returned, { cookies });
    },
    {
      clearsCookie: true,
      status: 410,
      title: 'This sign-in page timed out',
      paragraphs: ['The sign-in at Zoom took too long.', 'Ask for a new link.'],
    },
  ],
];

const states: Rows = [
  [
    'no state',
    async () => {
      const { returned, cookies } = await functions.consent('main');
      const url = new URL(returned);
      url.searchParams.delete('state');
      return () => functions.visit(url.href, { cookies });
    },
    OTHER_TAB,
  ],
  [
    "another tab's state",
    async () => {
      const [mine, other] = [await functions.begin('main'), await functions.consent('main')];
      return () => functions.visit(other.returned, { cookies: mine.cookies });
    },
    OTHER_TAB,
  ],
  [
    'HTML instead of a state',
    async () => {
      const begun = await functions.begin('main');
      return () => returnWith({ state: HOSTILE, code: 'c' }, begun);
    },
    OTHER_TAB,
  ],
  [
    'two states',
    async () => {
      const { returned, cookies } = await functions.consent('main');
      const state = new URL(returned).searchParams.get('state');
      return () => functions.visit(`${returned}&state=${state}`, { cookies });
    },
    NO_CODE,
  ],
];

const responses: Rows = [
  [
    'a declined consent',
    async () => {
      const { returned, cookies } = await functions.consent('main', { decline: true });
      return () => functions.visit(returned, { cookies });
    },
    {
      clearsCookie: true,
      status: 403,
      title: 'You declined at Zoom',
      paragraphs: ['Nothing was connected.', 'If that was a mistake, ask for a new link.'],
    },
  ],
  ...(
    [
      ['neither a code nor an error', {}, NO_CODE],
      ['an empty code', { code: '' }, NO_CODE],
      ['an error of Zoom', { error: 'server_error', error_description: 'it broke' }, NO_CODE],
      [
        'HTML instead of an error',
        { error: HOSTILE, error_description: HOSTILE, error_uri: HOSTILE },
        NO_CODE,
      ],
      [
        'a response of another issuer',
        { code: 'a-code-of-another-server', iss: 'https://evil.example' },
        NO_CODE,
      ],
      ['a made-up code', { code: 'a-code-that-is-made-up' }, CODE_REFUSED],
      ['HTML instead of a code', { code: HOSTILE }, CODE_REFUSED],
    ] as const
  ).map(([input, parameters, refusal]): Rows[number] => [
    input,
    async () => {
      const begun = await functions.begin('main');
      return () => returnWith(parameters, begun);
    },
    refusal,
  ]),
  [
    'the used code of an earlier consent',
    async () => {
      const { returned } = await functions.connect('main');
      const again = await functions.begin('main');
      const code = new URL(returned).searchParams.get('code') ?? '';
      return () => returnWith({ code }, again);
    },
    CODE_REFUSED,
  ],
  [
    'a code five minutes old',
    async () => {
      const { returned, cookies } = await functions.consent('main');
      services.clock.advance(300);
      return () => functions.visit(returned, { cookies });
    },
    CODE_REFUSED,
  ],
  [
    "the code of another browser's consent, whose code verifier differs",
    async () => {
      const [mine, other] = [await functions.begin('main'), await functions.consent('main')];
      const code = new URL(other.returned).searchParams.get('code') ?? '';
      return () => returnWith({ code }, mine);
    },
    CODE_REFUSED,
  ],
  [
    'a connection that was made with a Server-to-Server app in the meantime',
    async () => {
      const { returned, cookies } = await functions.consent('taken');
      await functions.granted({ action: 'connect', connection: 'taken', app: 'reports' });
      return () => functions.visit(returned, { cookies });
    },
    {
      clearsCookie: true,
      status: 400,
      title: 'You are not connected yet',
      paragraphs: [
        '“taken” is already connected with the grant account_credentials.',
        'Choose another name, or disconnect this one: npx zoom-tokens disconnect taken.',
      ],
    },
  ],
];

describe.each([
  ['cookie', cookies],
  ['state', states],
  ['authorization response', responses],
])('GET /callback with a bad %s', (_, rows) => {
  test.each(rows)('refuses %s', async (_input, prepare, refusal) => {
    await expectRefused(services, await prepare(), refusal);
  });
});
