import { type CookieJar, createCookieJar } from './cookies.ts';

export interface Page {
  status: number;
  url: string;
  body: string;
}

export interface ConsentOptions {
  /** A name on the consent page, such as `Grace Hopper`. Default: the user that the page has preselected. */
  user?: string;
  decline?: boolean;
  /** The browser's cookies. Default: none. */
  cookies?: CookieJar;
}

const MAX_REDIRECTS = 20;

/** A form without fields. */
const ONE_BUTTON = /<form method="post"><button>/;

/**
 * Follows the link to Zoom's consent page, through the page before it that has one button. Presses Allow (or Decline)
 * as `user`, follows the redirect back, and returns the page at its end. Returns the page that the link leads to where
 * that is no consent page.
 */
export async function consentAsBrowser(
  link: string,
  { user, decline = false, cookies = createCookieJar() }: ConsentOptions = {},
): Promise<Page> {
  const opened = await visit(link, cookies);
  const page = ONE_BUTTON.test(opened.body)
    ? await visit(opened.url, cookies, new URLSearchParams())
    : opened;
  if (!/<button[^>]* name="decision"/.test(page.body)) return page;
  const form = new URLSearchParams({ user: chosenUser(page, user), decision: decline ? 'decline' : 'allow' });
  return visit(page.url, cookies, form);
}

async function visit(link: string, cookies: CookieJar, form?: URLSearchParams): Promise<Page> {
  let url = new URL(link);
  let body = form;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      // As a browser says where a form comes from.
      headers: { accept: 'text/html', cookie: cookies.header(url), ...(body && { origin: url.origin }) },
      redirect: 'manual',
      ...(body && { body }),
    });
    cookies.keep(url, response.headers);
    const location = response.headers.get('location');
    if (location === null || response.status < 300 || response.status > 399) {
      return { status: response.status, url: url.href, body: await response.text() };
    }
    await response.body?.cancel();
    url = new URL(location, url);
    body = undefined;
  }
  throw new Error(`${new URL(link).origin} redirects more than ${MAX_REDIRECTS} times`);
}

function chosenUser(page: Page, user: string | undefined): string {
  const labels = page.body.match(/<label>.*?<\/label>/gs) ?? [];
  const label = labels.find((text) => (user === undefined ? / checked/.test(text) : text.includes(user)));
  const value = label && /value="([^"]*)"/.exec(label)?.[1];
  if (!value)
    throw new Error(`The consent page at ${new URL(page.url).origin} does not offer ${user ?? 'a user'}`);
  return value;
}
