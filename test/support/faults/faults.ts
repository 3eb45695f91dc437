import { setTimeout as realTime } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** Longer than the rest of an invocation takes, so that it ends before a call for which it does not wait. */
const SLOW_MS = 100;

/** A whole response: the body is text. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export type Service = 'dynamodb' | 's3' | 'secretsmanager' | 'logs' | 'zoom' | 'n8n';

/** End of a call, where it does not end as the service wants. */
export type Outcome =
  /** The connection is refused: the request is never sent. */
  | 'refused'
  /** The connection ends before the response. */
  | 'reset'
  /** The deadline passes before the response. */
  | 'hangs'
  /** The connection ends in the middle of the response. */
  | 'breaks off'
  /** The deadline passes in the middle of the response. */
  | 'drips'
  /** Another response. `own` is the service's, or an empty 200 where the service did not act. */
  | ((own: Reply, service: Service) => Reply | Encoded);

/** A response whose body is encoded. */
export type Encoded = Omit<Reply, 'body'> & { body: Uint8Array };

/** One call to another service, as the fault sees it. */
export interface Call<Response> {
  service: Service;
  perform: () => Promise<Response>;
  /** Ends the call with the outcome, after the service has acted or without that. */
  end: (outcome: Outcome, takesEffect: boolean) => Promise<Response>;
}

export interface Fault {
  /** Whether the service acted on the request. */
  takesEffect: boolean;
  /** Set where the client can read the response nevertheless, so nothing may be lost. */
  isHarmless?: true;
  /** Set where the request leaves only after a while in real time, and the outcome is the service's own. */
  isSlow?: true;
  /** Set where the function is killed at this call, and no outcome reaches it. */
  kills?: true;
  /** Seconds that the call takes. */
  seconds?: number;
  outcome?: Outcome;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML_TYPE = { 'content-type': 'text/html' };

/** Faults of every service, in words that complete the sentence "the call …". */
export const FAULTS = {
  'fails before it is sent': { takesEffect: false, outcome: 'refused' },
  'is done, and its response is lost': { takesEffect: true, outcome: 'reset' },
  'hangs past its timeout': { takesEffect: false, seconds: 10, outcome: 'hangs' },
  'is done, and hangs past its timeout': { takesEffect: true, seconds: 10, outcome: 'hangs' },
  'is throttled': {
    takesEffect: false,
    outcome: (_, service) =>
      service === 'zoom' || service === 'n8n'
        ? { status: 429, headers: { ...JSON_TYPE, 'retry-after': '30' }, body: '{"code":429}' }
        : {
            status: 400,
            headers: JSON_TYPE,
            body: '{"__type":"ThrottlingException","message":"Rate exceeded"}',
          },
  },
  'gets 429 without Retry-After': {
    takesEffect: false,
    outcome: () => ({ status: 429, headers: {}, body: 'Too Many Requests' }),
  },
  'gets 500': {
    takesEffect: false,
    outcome: () => ({
      status: 500,
      headers: JSON_TYPE,
      body: '{"__type":"InternalServerError","message":"Oops"}',
    }),
  },
  'is done, and gets 502 with HTML': {
    takesEffect: true,
    outcome: () => ({ status: 502, headers: HTML_TYPE, body: '<html><h1>Bad Gateway</h1></html>' }),
  },
  'gets 403 with HTML': {
    takesEffect: false,
    outcome: () => ({ status: 403, headers: HTML_TYPE, body: '<html>Forbidden</html>' }),
  },
  'is done, and gets half of the JSON': {
    takesEffect: true,
    outcome: (own) => ({ ...own, body: own.body.slice(0, Math.max(1, own.body.length / 2)) }),
  },
  'is done, and gets an empty body': { takesEffect: true, outcome: (own) => ({ ...own, body: '' }) },
  // A function that does not wait for it ends first, and then it never happens.
  'is slow': { takesEffect: true, isHarmless: true, isSlow: true },
  'is not sent, because the function is killed': { takesEffect: false, kills: true },
  'is done, and the function is killed': { takesEffect: true, kills: true },
} satisfies Record<string, Fault>;

/** Further faults where the functions' own HTTP client reads the response. */
export const HTTP_FAULTS = {
  'is done, and its response breaks off': { takesEffect: true, outcome: 'breaks off' },
  'is done, and its response drips past the timeout': { takesEffect: true, seconds: 10, outcome: 'drips' },
  'is done, and gets more than 1 MB': {
    takesEffect: true,
    outcome: (own) => ({ ...own, body: `${own.body}${' '.repeat(1 << 20)}` }),
  },
  'is done, and its response starts with a byte order mark': {
    takesEffect: true,
    isHarmless: true,
    outcome: (own) => ({ ...own, body: `\uFEFF${own.body}` }),
  },
  'is done, and its response is compressed': {
    takesEffect: true,
    isHarmless: true,
    outcome: ({ headers, ...own }) => ({
      ...own,
      headers: { ...headers, 'content-encoding': 'gzip' },
      body: gzipSync(own.body),
    }),
  },
} satisfies Record<string, Fault>;

const secretsError = (type: string, message: string) => () => ({
  status: 400,
  headers: JSON_TYPE,
  body: JSON.stringify({ __type: type, message }),
});

/** Further faults of Secrets Manager. */
export const SECRETS_FAULTS = {
  'finds its KMS key disabled': {
    takesEffect: false,
    outcome: secretsError('DecryptionFailure', "Secrets Manager can't decrypt the protected secret text."),
  },
  'finds the quota of versions used up': {
    takesEffect: false,
    outcome: secretsError('LimitExceededException', 'The request would exceed a quota.'),
  },
} satisfies Record<string, Fault>;

/** The responses to a client while n8n restarts behind a proxy; before them its port is closed. */
export const RESTART_FAULTS = {
  'gets 502 from the proxy': {
    takesEffect: false,
    outcome: () => ({ status: 502, headers: HTML_TYPE, body: '<html><h1>502 Bad Gateway</h1></html>' }),
  },
  // Express's page: n8n listens before its routes are mounted.
  'gets 404, because the routes are not mounted yet': {
    takesEffect: false,
    outcome: () => ({ status: 404, headers: HTML_TYPE, body: '<pre>Cannot POST /api/v1/credentials</pre>' }),
  },
} satisfies Record<string, Fault>;

export const ALL_FAULTS = { ...FAULTS, ...HTTP_FAULTS, ...SECRETS_FAULTS, ...RESTART_FAULTS };

export type FaultName = keyof typeof ALL_FAULTS;

/** Place of a fault: one call of the function, counted from 0, or also at every later call to that service. */
export interface Strike {
  fault: FaultName;
  at: number;
  lasts: boolean;
  /** The name of the call that `at` is meant for. */
  call?: string;
  /** Counts the calls of this name alone, where a function makes several at once in any order. */
  point?: string;
}

/** Lists a function's calls by name in their order, and applies the fault to one of them. */
export class FaultInjector {
  /** The calls made so far: `dynamodb.UpdateItem`, `zoom.token`, … */
  readonly points: string[] = [];
  /** Resolves when the function is killed. */
  readonly killed: Promise<void>;
  readonly #strike: Strike | undefined;
  readonly #pass: (seconds: number) => void;
  #kill = () => {};
  #struck: string | undefined;
  #hasEnded = false;

  constructor(strike: Strike | undefined, pass: (seconds: number) => void) {
    this.#strike = strike;
    this.#pass = pass;
    this.killed = new Promise((resolve) => {
      this.#kill = resolve;
    });
  }

  async call<Response>(point: string, call: Call<Response>): Promise<Response> {
    if (this.#hasEnded || !this.#strike || !this.#strikesNext(point, call.service))
      return this.pass(point, call.perform);
    this.points.push(point);
    const { outcome, takesEffect, isSlow, seconds = 0 }: Fault = ALL_FAULTS[this.#strike.fault];
    this.#struck = call.service;
    this.#pass(seconds);
    if (isSlow) {
      await realTime(SLOW_MS);
      return this.#hasEnded ? new Promise(() => {}) : call.perform();
    }
    if (outcome) return call.end(outcome, takesEffect);
    // The service acts, and the function that waits for the response is gone.
    if (takesEffect) await call.end('reset', true).catch(() => {});
    this.#hasEnded = true;
    this.#kill();
    return new Promise(() => {});
  }

  /** Makes a call that no fault strikes. */
  async pass<Response>(point: string, perform: () => Promise<Response>): Promise<Response> {
    // What is still under way in a function that was killed or has ended does nothing any more.
    if (this.#hasEnded) return new Promise(() => {});
    this.points.push(point);
    return perform();
  }

  /** Returns whether a call may leave the SDK out: what comes before the fault is as in the run without one. */
  isBeforeStrike(point: string, service: Service): boolean {
    return this.#strike !== undefined && this.#struck === undefined && !this.#strikesNext(point, service);
  }

  /** Ends the invocation. Lambda freezes its environment, so a call for which the function did not wait is not made. */
  freeze(): void {
    this.#hasEnded = true;
  }

  #strikesNext(next: string, service: string): boolean {
    if (!this.#strike) return false;
    const { point, at, lasts } = this.#strike;
    if (point !== undefined)
      return next === point && this.points.filter((each) => each === point).length === at;
    const index = this.points.length;
    return index === at || (lasts && index > at && service === this.#struck);
  }
}
