import { permissionsInWords } from '../tokens/n8n-scopes.ts';
import { type Html, html } from './html.ts';

/** Returns a list of what n8n's workflows can do. @param scope as Zoom granted it; `undefined` before that */
export const permissionList = (scope: string | undefined): Html[] => [
  html`<ul>`,
  ...permissionsInWords(scope).map((each) => html`<li>${each}</li>`),
  html`</ul>`,
];
