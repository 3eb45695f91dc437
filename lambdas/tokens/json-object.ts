import * as v from 'valibot';

/** Accepts JSON objects alone. It precedes a schema without required keys, because valibot takes a list for an object. */
export const jsonObject = v.custom<Record<string, unknown>>(
  (input) => typeof input === 'object' && input !== null && !Array.isArray(input),
);
