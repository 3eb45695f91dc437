import type { ZoomApp } from './apis/zoom.ts';

/** Secrets Manager, as the domain sees it. */
export interface Vault {
  /**
   * A Zoom app's credentials, remembered after the first reading.
   * @param options.fresh read again: the operator may have replaced them
   * @throws {TokenError} `misconfigured` when the secret is missing, no JSON or incomplete
   */
  app(app: string, options?: { fresh: boolean }): Promise<ZoomApp>;

  /**
   * The secret from which every key is derived.
   * @param stage `previous`: the one before the operator replaced it, where there is one
   * @throws {TokenError} `misconfigured` when there is no current one
   */
  key(stage: 'current' | 'previous', options: { fresh: boolean }): Promise<string | undefined>;

  /**
   * Makes `value` what n8n reads for this connection.
   * @param versionId names this very publication: a repetition of it changes nothing; 32 to 64 characters
   * @throws {TokenError} `misconfigured` when we may not write it, `retry` otherwise
   */
  publish(connection: string, value: string, versionId: string): Promise<void>;

  /**
   * What n8n reads for this connection now; `undefined` where it finds nothing.
   * @throws {TokenError} `misconfigured` when we may not read it
   */
  published(connection: string): Promise<string | undefined>;

  /**
   * Takes away what n8n reads for this connection: at once for n8n, for good after Secrets Manager's recovery window
   * of 7 days, or with `force` now. Until then `publish` restores it. A repetition changes nothing.
   * @returns when it is gone for good, epoch seconds; `undefined` when there is no such secret
   * @throws {TokenError} `misconfigured` when we may not delete it
   */
  unpublish(connection: string, options: { force: boolean }): Promise<number | undefined>;
}
