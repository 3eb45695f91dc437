import { parseJson } from '../apis/http.ts';
import { Failure } from '../errors.ts';

/** Returns a place in a list as a text that a client sends back. It holds names and times, and no secret. */
export const encodeCursor = (place: object): string =>
  Buffer.from(JSON.stringify(place)).toString('base64url');

/** @throws {Failure} `rejected` (`bad_request`) for a text that is no cursor */
export function decodeCursor<Place extends object>(cursor: string): Place {
  const place = parseJson(Buffer.from(cursor, 'base64url').toString());
  if (typeof place === 'object' && place !== null) return place as Place;
  throw new Failure(
    'rejected',
    'bad_request',
    'The cursor is not one of this function.',
    'Begin again without it.',
  );
}
