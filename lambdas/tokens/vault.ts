/** A Zoom app's credentials, as its owner finds them in the Zoom App Marketplace. */
export interface ZoomApp {
  clientId: string;
  clientSecret: string;
  /** A Server-to-Server OAuth app has one. */
  accountId?: string;
  /** Signs the events that Zoom sends; an app without event subscriptions has none. */
  webhookSecret?: string;
}

/** The secrets with the credentials of the Zoom apps. */
interface AppCredentials {
  /**
   * Returns a Zoom app's credentials, remembered after the first reading.
   * @param options.fresh reads again: the operator may have replaced them
   * @throws {Failure} `misconfigured` when the secret is missing, no JSON or incomplete
   */
  app(app: string, options?: { fresh: boolean }): Promise<ZoomApp>;
}

/** The secret from which every key is derived. */
interface KeySecret {
  /**
   * Returns the secret's text.
   * @param stage `previous`: the one before the operator replaced it, where there is one
   * @throws {Failure} `misconfigured` when there is no current one
   */
  key(stage: 'current' | 'previous', options: { fresh: boolean }): Promise<string | undefined>;
}

/** The secrets that n8n reads, one a connection. */
interface PublishedTokens {
  /**
   * Makes `value` the secret that n8n reads for this connection.
   * @param versionId names this very publication: a repetition of it changes nothing; 32 to 64 characters
   * @throws {Failure} `misconfigured` when the function may not write it, `retry` otherwise
   */
  publish(connection: string, value: string, versionId: string): Promise<void>;

  /**
   * Returns what n8n reads for this connection now; `undefined` where it finds nothing.
   * @throws {Failure} `misconfigured` when the function may not read it
   */
  published(connection: string): Promise<string | undefined>;

  /**
   * Deletes the secret that n8n reads for this connection: at once for n8n, for good after Secrets Manager's recovery
   * window of 7 days, or with `force` now. Until then `publish` restores it. A repetition changes nothing.
   * @returns when it is gone for good, epoch seconds; `undefined` when there is no such secret
   * @throws {Failure} `misconfigured` when the function may not delete it
   */
  unpublish(connection: string, options: { force: boolean }): Promise<number | undefined>;
}

/** Secrets Manager, as the domain sees it. */
export interface Vault extends AppCredentials, KeySecret, PublishedTokens {}
