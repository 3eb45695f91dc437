import type { KoaContextWithOIDC } from 'oidc-provider';
import { escapeHtml } from '../../lambdas/web/html.ts';
import { ICON } from '../../lambdas/web/icon.ts';
import type { ZoomUser } from './users.ts';

type Page = Pick<KoaContextWithOIDC, 'body' | 'set' | 'status' | 'type'>;

/** Shows the app, the users to sign in as, and the buttons Allow and Decline. A plain form, which needs no scripts. */
export function consentPage(
  page: Page,
  clientId: string,
  redirectUri: string,
  users: readonly ZoomUser[],
): void {
  const choices = users.map(
    (user, index) =>
      `<label><input type="radio" name="user" value="${escapeHtml(user.id)}"${index === 0 ? ' checked' : ''}>
<span>${escapeHtml(user.display_name)} <small>${escapeHtml(user.email)}</small></span></label>`,
  );
  respond(
    page,
    'Allow access?',
    `<h1>Allow this app to use your Zoom account?</h1>
<p>App <strong>${escapeHtml(clientId)}</strong> asks to read your user profile and your meetings.
You go back to <strong>${escapeHtml(new URL(redirectUri).host)}</strong>.</p>
<form method="post">
<fieldset><legend>Sign in as</legend>
${choices.join('\n')}
</fieldset>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="decline" class="quiet">Decline</button>
</form>`,
  );
}

/**
 * Shows that the sign-in took too long.
 * @param request the authorization request that began it, which a button repeats
 */
export function timedOutPage(page: Page, request: string | undefined): void {
  page.status = 400;
  const wayOn = request
    ? `<p><a class="button" href="${escapeHtml(request)}">Start again</a></p>`
    : '<p>Open the link again that brought you here.</p>';
  respond(page, 'Timed out', `<h1>This sign-in page timed out.</h1>\n${wayOn}`);
}

/** Shows Zoom's error page, which never sends the browser back to the app. */
export function errorPage(page: Page, message: string): void {
  page.status = 400;
  respond(page, 'Error', `<h1>Zoom cannot continue</h1>\n<p role="alert">${escapeHtml(message)}</p>`);
}

function respond(page: Page, title: string, main: string): void {
  page.type = 'html';
  page.set('cache-control', 'no-store');
  page.set(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
  );
  page.set('referrer-policy', 'no-referrer');
  page.body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · local Zoom</title>
${ICON.markup}
<style>${STYLE}</style>
</head>
<body>
<main>
${main}
</main>
<footer>This Zoom runs on this machine. Its users are fictitious.</footer>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#131619, #e8ebf0); --faint: light-dark(#4c5567, #a7b0bf);
  --paper: light-dark(#f4f6fa, #14171d); --card: light-dark(#fff, #1d222b); --line: light-dark(#8a93a5, #6b7484);
  --link: light-dark(#0842b8, #8fb4ff); }
body { margin: 0; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem 2rem 2rem; background: var(--card); border-radius: 12px;
  box-shadow: 0 1px 4px #0003; }
h1 { margin-top: 0; font-size: 1.4rem; line-height: 1.3; }
main > :last-child { margin-bottom: 0; }
p, strong, span { min-width: 0; overflow-wrap: anywhere; }
fieldset { min-width: 0; margin: 1.5rem 0; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
label { display: flex; gap: .75rem; align-items: baseline; padding: .5rem 0; cursor: pointer; }
small { display: block; color: var(--faint); }
button, a.button { display: inline-block; margin-right: .5rem; padding: .6rem 1.4rem; border: 2px solid #0b5cff; border-radius: 8px;
  background: #0b5cff; color: #fff; font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
button.quiet { background: transparent; color: var(--link); }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
@media (max-width: 30rem) { body { padding: 1rem; } main { margin-top: 0; padding: 1.25rem; } }
footer { text-align: center; color: var(--faint); font-size: .875rem; }
`;
