/** Tokens that a rotation has replaced. */
interface ReplacedTokens {
  sealedTokens: string;
  /** When the access token expires by itself, epoch seconds. */
  expiresAt: number;
}

/** The replaced tokens of a rotation, kept until it is measured whether they still live. One a connection at the most. */
export interface ReplacedTokensStore {
  keepReplaced(connection: string, tokens: ReplacedTokens): Promise<void>;
  replaced(connection: string): Promise<ReplacedTokens | undefined>;
  dropReplaced(connection: string): Promise<void>;
}
