/** The faults that the page's switches turn on, to show how the functions handle them. */
export interface Breakage {
  /** Zoom's token endpoint and API respond 503. */
  zoomIsDown: boolean;
  /** Zoom acts on the next token request, but the connection breaks before its response. */
  nextResponseIsLost: boolean;
  /** Secrets Manager refuses to write the secrets that n8n reads, as it does when IAM denies it. */
  publishingIsDenied: boolean;
}

export const noBreakage = (): Breakage => ({
  zoomIsDown: false,
  nextResponseIsLost: false,
  publishingIsDenied: false,
});
