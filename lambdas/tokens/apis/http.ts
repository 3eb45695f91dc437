/**
 * The part of `fetch` that the domain speaks: a text goes, a text comes, no redirect is followed. It rejects where no
 * answer came: with the signal's reason, or with a `TypeError` whose `cause` has the system's code.
 */
export type Fetch = (url: string, request: HttpRequest) => Promise<HttpResponse>;

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH';
  headers: Record<string, string>;
  body?: string;
  redirect: 'manual';
  signal: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** 200 to 299. */
  ok: boolean;
  headers: { get(name: string): string | null };
  /** Once. */
  text(): Promise<string>;
}

/** Seconds; the date form of RFC 9110 section 10.2.3 is left to our own back-off. */
export function retryAfter({ headers }: HttpResponse): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds) : undefined;
}

/** `undefined` where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
