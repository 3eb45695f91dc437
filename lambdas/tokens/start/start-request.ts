import * as v from 'valibot';
import { NAME_PATTERN } from '../../contract.ts';
import { Failure } from '../errors.ts';

/**
 * Asks the rotate function for one piece of work instead of a sweep. It only names what is due anyway, so that a request
 * that is lost, repeated or forged changes nothing but the time of that work.
 */
export const StartRequest = v.variant('start', [
  v.strictObject({
    start: v.literal('connection'),
    connection: v.pipe(v.string(), v.regex(NAME_PATTERN)),
  }),
]);
export type StartRequest = v.InferOutput<typeof StartRequest>;

/** Starts the rotate function. It runs later, perhaps twice and perhaps never. */
export interface Starter {
  /** Resolves when the request is accepted. Rejects when it may not have been. */
  start(request: StartRequest): Promise<void>;
}

/**
 * Returns the request in an event of the rotate function; `undefined` for the event of the schedule, which has no `start`.
 * @throws {Failure} `rejected` (`bad_request`) for a request that is not known
 */
export function parseStartRequest(event: unknown): StartRequest | undefined {
  if (typeof event !== 'object' || event === null || !('start' in event)) return undefined;
  const parsed = v.safeParse(StartRequest, event);
  if (parsed.success) return parsed.output;
  throw new Failure(
    'rejected',
    'bad_request',
    'The rotate function does not support this request.',
    'Deploy again, so that all functions have the same version: npx cdk deploy.',
  );
}
