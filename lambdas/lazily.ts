/**
 * Returns a function that calls `create` at the first request and keeps its return value, or what its promise resolves to. A
 * failure then reaches the response; in the initialization of the function it would not. The next request retries a failed
 * call.
 */
export function lazily<T>(create: () => T): () => T {
  let created: T | undefined;
  return () => {
    created ??= create();
    if (created instanceof Promise) {
      created.catch(() => {
        created = undefined;
      });
    }
    return created;
  };
}
