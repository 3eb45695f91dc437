import { Html, html } from './html.ts';

/** Two arrows in a circle. */
const SVG =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='8' fill='#0b5cff'/><path d='M23 13a8 8 0 0 0-14.5-2M9 19a8 8 0 0 0 14.5 2M8 6.5V11h4.5M24 25.5V21h-4.5' fill='none' stroke='#fff' stroke-width='2.6' stroke-linecap='round' stroke-linejoin='round'/></svg>";

/** The icon of every page, inline: a browser requests no `/favicon.ico`. Its policy allows `img-src data:`. */
export const ICON: Html = html`<link rel="icon" href="${new Html(`data:image/svg+xml,${encodeURIComponent(SVG)}`)}">`;
