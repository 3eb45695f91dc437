import * as v from 'valibot';

/** Goes before a schema whose keys may all be missing: valibot takes a list for an object. */
export const jsonObject = v.custom<Record<string, unknown>>(
  (input) => typeof input === 'object' && input !== null && !Array.isArray(input),
);
