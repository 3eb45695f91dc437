/** An app of the Zoom Marketplace: a user-managed app has `redirectUris`, a Server-to-Server app has `accountId`. */
export interface MarketplaceApp {
  clientId: string;
  clientSecret: string;
  redirectUris?: string[];
  accountId?: string;
}
