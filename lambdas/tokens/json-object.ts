import * as v from 'valibot';

const isJsonObject = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && !Array.isArray(input);

/** Accepts JSON objects alone. It precedes a schema without required keys, because valibot takes a list for an object. */
export const jsonObject = v.custom<Record<string, unknown>>(isJsonObject);

/**
 * Accepts a JSON object whose values fit, and returns it as a map. Not a `v.record`, which drops the key `constructor`, a valid
 * name of an app or an instance.
 * @param message for anything but an object
 */
export const jsonMap = <T>(value: v.GenericSchema<unknown, T>, message = 'must be a JSON object') =>
  v.pipe(
    v.custom<Record<string, unknown>>(isJsonObject, message),
    v.transform((object) => Object.entries(object)),
    v.array(v.tuple([v.string(), value])),
    v.transform((entries): ReadonlyMap<string, T> => new Map(entries)),
  );
