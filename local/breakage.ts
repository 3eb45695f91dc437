/** What a person may break, to see how the program answers. */
export interface Breakage {
  /** Zoom's token endpoint and API answer 503. */
  zoomIsDown: boolean;
  /** Zoom acts on the next token request, but its answer is lost on the way. */
  nextAnswerIsLost: boolean;
  /** Secrets Manager refuses to write what n8n reads, as it does when IAM denies it. */
  publishingIsDenied: boolean;
}

export const noBreakage = (): Breakage => ({
  zoomIsDown: false,
  nextAnswerIsLost: false,
  publishingIsDenied: false,
});
