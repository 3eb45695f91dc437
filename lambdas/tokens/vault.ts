/** The credentials of a Zoom app, as the Zoom App Marketplace shows them to its owner. */
export interface ZoomApp {
  clientId: string;
  clientSecret: string;
  /** Only Server-to-Server OAuth apps have one. */
  accountId?: string;
  /** Key with which Zoom signs its webhooks; an app without event subscriptions has none. */
  webhookSecret?: string;
}

/** The secrets with the credentials of the Zoom apps. */
export interface AppCredentials {
  /**
   * Returns the credentials of a Zoom app. They are cached for at most 60 s.
   * @param options.fresh bypasses the cache, because the operator may have replaced them
   * @throws {Failure} `misconfigured` (`app_not_deployed`) for an unknown app, and (`secret_unusable`, `secret_denied`) when
   * the secret is missing, not valid JSON, incomplete or not readable
   */
  app(app: string, options?: { fresh: boolean }): Promise<ZoomApp>;

  /**
   * Returns the credentials of a Zoom app if `fits` accepts them, for requests that strangers can send. It reads the secret
   * only where `fits` rejects what is cached. After a read that `fits` rejected too, it reads no more for 10 s.
   * @throws {Failure} as `app` does. Within the 10 s it throws the same failure again
   */
  appThat(app: string, fits: (credentials: ZoomApp) => boolean): Promise<ZoomApp | undefined>;
}

/** Names of the secrets from which keys are derived. */
type KeyName = 'link key' | 'sealing key';

/** The two secrets from which keys are derived. Neither is cached. */
export interface KeySecrets {
  /**
   * Returns the text from which the keys for links and cookies are derived: its current value alone.
   * @throws {Failure} `misconfigured` when there is none
   */
  linkKey(): Promise<string>;

  /**
   * Returns the seed of the sealing key pair. The callback function may not read it.
   * @param stage `previous` is the value before the last replacement; `undefined` without one
   * @throws {Failure} `misconfigured` when there is no current value, or when the function may not read it
   */
  sealingSeed(stage: 'current' | 'previous'): Promise<string | undefined>;

  /**
   * Replaces the text of a key's secret. The text before it stays as the previous one, and the one before that is lost.
   * @throws {Failure} `misconfigured` (`secret_denied`) when the function may not write it
   */
  replaceKey(key: KeyName, text: string): Promise<void>;
}

/**
 * The secrets that n8n reads. Each is named by what it publishes: a connection, whose secret is the bare access token, or
 * `bundle_<name>`, whose secret is a JSON object.
 */
export interface PublishedTokens {
  /**
   * Stores `value` as the secret that n8n reads.
   * @param versionId identifies the publication, so that a repetition changes nothing; 32 to 64 characters
   * @throws {Failure} `misconfigured` (`publish_denied`) when the function is not allowed to write the secret
   */
  publish(publication: string, value: string, versionId: string): Promise<void>;

  /**
   * Returns the value that n8n reads, `undefined` when n8n finds none. Never cached.
   * @throws {Failure} `misconfigured` (`secret_denied`) when the function is not allowed to read the secret
   */
  published(publication: string): Promise<string | undefined>;

  /**
   * Deletes a secret that n8n reads. n8n loses it immediately. Secrets Manager deletes it
   * permanently after a recovery window of 7 days, or immediately with `force`; `publish` restores it until then.
   * A repetition changes nothing.
   * @returns when it is deleted permanently, epoch seconds; `undefined` when there is no such secret
   * @throws {Failure} `misconfigured` (`withdraw_denied`) when the function is not allowed to delete the secret
   */
  unpublish(publication: string, options: { force: boolean }): Promise<number | undefined>;
}

/** All that the domain uses of Secrets Manager. */
export interface Vault extends AppCredentials, KeySecrets, PublishedTokens {}
