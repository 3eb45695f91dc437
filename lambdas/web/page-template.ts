import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { DEFAULT_NAME, withNamedCommands } from '../contract.ts';
import type { Asker } from '../tokens/operate/installation.ts';
import { contentSecurityPolicy, Html, html } from './html.ts';
import { ICON } from './icon.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --faint: #545e70; --paper: #f3f5f9; --card: #fff; --line: #d5dae2; --field: #f6f7f9; --blue: #0b5cff; --good: #0b6b3a; --note: #8a5300; --bad: #a3261b; --ask: #0b4fd8; --shadow: #1c23301a }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --faint: #a7b0bf; --paper: #14171d; --card: #1d222b; --line: #3a4250; --field: #14171d; --good: #6fd39b; --note: #f2b84b; --bad: #ff9d92; --ask: #8fb4ff; --shadow: #0006 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; grid-template-rows: auto 1fr auto; justify-items: center; gap: 1.5rem; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif }
header { color: var(--faint); font-size: .9375rem; letter-spacing: .01em }
main { align-self: start; width: 100%; max-width: 36rem; margin-top: min(8vh, 5rem); padding: 2rem; background: var(--card); border: 1px solid var(--line); border-top: .3rem solid var(--tone); border-radius: .75rem; box-shadow: 0 .5rem 2rem var(--shadow) }
.good { --tone: var(--good) }
.note { --tone: var(--note) }
.bad { --tone: var(--bad) }
.ask { --tone: var(--ask) }
svg { display: block; width: 2.75rem; height: 2.75rem; margin-bottom: 1rem; fill: none; stroke: var(--tone); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }
h1 { margin: 0 0 1rem; font-size: 1.625rem; line-height: 1.25; overflow-wrap: anywhere; text-wrap: balance }
p { margin: 1rem 0; overflow-wrap: anywhere; text-wrap: pretty }
main > :last-child { margin-bottom: 0 }
.next { padding: .75rem 1rem; border-left: .25rem solid var(--tone); border-radius: .25rem; background: color-mix(in srgb, var(--tone) 9%, var(--card)) }
.aside { color: var(--faint); font-size: .9375rem }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .4rem 1.25rem; margin: 1rem 0 1.25rem }
dt { color: var(--faint) }
dd { margin: 0; overflow-wrap: anywhere }
ul { margin: 1rem 0; padding-left: 1.4rem }
form { margin: 1.5rem 0 }
a { color: var(--ask) }
footer { color: var(--faint); font-size: .9375rem; text-align: center; overflow-wrap: anywhere }
.copy { display: flex; flex-wrap: wrap; gap: .75rem }
code { flex: 1 1 18rem; padding: .65rem .9rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--field); font: .95rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; user-select: all }
button, a.button { display: inline-block; padding: .65rem 1.5rem; border: 0; border-radius: .5rem; background: var(--blue); color: #fff; font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer }
button:hover, a.button:hover { background: #0847c9 }
button[hidden] { display: none }
:focus-visible { outline: .2rem solid var(--ask); outline-offset: .2rem }
[role=status] { min-height: 1.55em; margin: .35rem 0 0; color: var(--good); font-size: .9375rem }
@media (max-width: 30rem) { body { padding: 1rem } main { margin-top: 0; padding: 1.5rem 1.25rem } code { padding-inline: .75rem; font-size: .8rem } dl { grid-template-columns: minmax(0, 1fr); gap: 0 } dd { margin-bottom: .6rem } button, a.button { flex: 1 1 100%; width: 100% } }
@media (forced-colors: active) { button, a.button { border: 1px solid } }
`;

/** The color and the sign of a page: success, a new link is needed, an error, a question. */
type Tone = keyof typeof SIGNS;

const SIGNS = {
  good: 'm8 12.5 2.75 2.75L16.25 9',
  note: 'M12 7.5v5.25M12 16.4v.1',
  bad: 'm9 9 6 6m0-6-6 6',
  ask: 'M8 12h8m-3.25-3.25L16 12l-3.25 3.25',
};

export interface PageContent {
  statusCode: number;
  tone: Tone;
  title: string;
  content: Html[];
  /** The only script that may run, inline at the end of the page. */
  script?: string;
  /** Sources to which the page's form may send the browser, redirects included. */
  formAction?: string;
  /** Seconds after which the browser reloads the page, without a script. */
  refreshSeconds?: number;
}

/** Renders a page: plain HTML with inline style, and a policy that allows only what the page needs. */
export function page(
  { statusCode, tone, title, content, script, formAction, refreshSeconds }: PageContent,
  { name = DEFAULT_NAME, contact, installation }: Asker,
): APIGatewayProxyStructuredResultV2 {
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${name}</title>
${ICON}
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>${name}</header>
<main class="${tone}">
<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10.5"/><path d="${SIGNS[tone]}"/></svg>
<h1>${title}</h1>
${content}
</main>
${contact === undefined ? '' : html`<footer>Questions? Ask ${contactLink(contact)}</footer>`}
${script ? html`<script>${new Html(script)}</script>` : ''}
</body>
</html>
`;
  return {
    statusCode,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': contentSecurityPolicy({
        style: STYLE,
        ...(script && { script }),
        ...(formAction && { formAction }),
        refresh: refreshSeconds !== undefined,
      }),
      ...(refreshSeconds !== undefined && { Refresh: String(refreshSeconds) }),
    },
    body: withNamedCommands(markup, installation),
  };
}

/** Returns a link to the operator: to an e-mail address with a mail program, or to a page. */
export const contactLink = (contact: string): Html =>
  html`<a href="${contactAddress(contact)}">${contact.replace('https://', '')}</a>`;

/** @param subject of the mail */
export const contactAddress = (contact: string, subject = 'Connecting Zoom'): string =>
  contact.startsWith('https://') ? contact : `mailto:${contact}?subject=${encodeURIComponent(subject)}`;

/** Returns two paragraphs: what happened, and what to do next. */
export const eventAndAction = (event: string, action: string): Html[] => [
  html`<p>${typographic(event)}</p>`,
  html`<p class="next">${typographic(action)}</p>`,
];

/** Returns a text for a terminal with the quotation marks and apostrophes of the pages. JSON in it stays as it is. */
export const typographic = (text: string): string =>
  text
    .split(/(\{[^}]*\}?)/)
    .map((part) =>
      part.startsWith('{') ? part : part.replace(/"([^"]*)"/g, '“$1”').replace(/(?<=\p{L})'(?=\p{L})/gu, '’'),
    )
    .join('');
