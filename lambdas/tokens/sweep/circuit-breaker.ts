import { Failure } from '../errors.ts';

/** Fewer refusals than this are believed: they are users' acts. It takes a fleet to recognize an incident at Zoom. */
const LEAST_REFUSALS = 3;

/** Returns whether a sweep's refused refresh tokens look like an incident at Zoom: at least three, and most of its attempts. */
export const isIncident = (refused: number, attempts: number): boolean =>
  refused >= LEAST_REFUSALS && refused > attempts / 2;

/** The failure that is recorded instead of a refusal during an incident. */
export const INCIDENT = new Failure(
  'retry',
  'zoom_incident',
  'Zoom refused the refresh tokens of most connections at once, which looks like an incident at Zoom.',
  'See status.zoom.us. If Zoom is well and this lasts, connect again: zoom-tokens connect.',
);
