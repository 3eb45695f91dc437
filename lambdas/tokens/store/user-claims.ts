/** The claims of connections on the Zoom users of an app. */
export interface UserClaims {
  /**
   * Claims a Zoom user of an app for a connection. Returns the connection that holds the user: the claimant, or an earlier
   * one that is still connected as that user or whose first consent is in progress.
   * @param claim.until when the claim expires unless a consent follows; epoch seconds, as `now`
   * @param claim.from a connection that loses the user to the claimant
   */
  claimUser(
    app: string,
    zoomUserId: string,
    connection: string,
    claim: { now: number; until: number; from?: string },
  ): Promise<string>;

  /** Returns the connection that holds a Zoom user of an app, as `claimUser` would, without claiming. */
  holderOf(app: string, zoomUserId: string, now: number): Promise<string | undefined>;

  /** Returns the connection that claimed the Zoom user last, whatever its status. */
  claimant(app: string, zoomUserId: string): Promise<string | undefined>;
}
