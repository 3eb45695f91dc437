/** One call to another service, as the fault sees it. */
export interface Call<Response> {
  service: 'dynamodb' | 's3' | 'secretsmanager' | 'zoom' | 'n8n';
  perform: () => Promise<Response>;
  /** Creates a response of this call's type. */
  respond: (status: number, headers: Record<string, string>, body: string) => Response;
  read: (response: Response) => Promise<{ status: number; body: string }>;
}

export interface Fault {
  /** Whether the service acted on the request. */
  takesEffect: boolean;
  /** Set where the function is killed at this call. */
  kills?: true;
  /** Seconds that the call takes. */
  seconds?: number;
  apply: <Response>(call: Call<Response>) => Promise<Response>;
}

const failed = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
const timedOut = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError');
const never = <T>() => new Promise<T>(() => {});
const JSON_TYPE = { 'content-type': 'application/json' };

/** Lets the service act and discards its response. The response is read, so that its connection is free again. */
const act = async <Response>(call: Call<Response>): Promise<void> => {
  await call.read(await call.perform());
};

const afterEffect = async <Response>(
  call: Call<Response>,
  cut: (body: string) => string,
): Promise<Response> => {
  const { status, body } = await call.read(await call.perform());
  return call.respond(status, JSON_TYPE, cut(body));
};

/** Every fault of a call, in words that complete the sentence "the call …". */
export const FAULTS = {
  'fails before it is sent': {
    takesEffect: false,
    apply: () => Promise.reject(failed('ECONNREFUSED')),
  },
  'is done, and its response is lost': {
    takesEffect: true,
    apply: async (call) => {
      await act(call);
      throw failed('ECONNRESET');
    },
  },
  'hangs past its timeout': {
    takesEffect: false,
    seconds: 10,
    apply: () => Promise.reject(timedOut()),
  },
  'is done, and hangs past its timeout': {
    takesEffect: true,
    seconds: 10,
    apply: async (call) => {
      await act(call);
      throw timedOut();
    },
  },
  'is throttled': {
    takesEffect: false,
    apply: async ({ service, respond }) =>
      service === 'zoom' || service === 'n8n'
        ? respond(429, { ...JSON_TYPE, 'retry-after': '30' }, '{"code":429}')
        : respond(400, JSON_TYPE, '{"__type":"ThrottlingException","message":"Rate exceeded"}'),
  },
  'gets 429 without Retry-After': {
    takesEffect: false,
    apply: async ({ respond }) => respond(429, {}, 'Too Many Requests'),
  },
  'gets 500': {
    takesEffect: false,
    apply: async ({ respond }) =>
      respond(500, JSON_TYPE, '{"__type":"InternalServerError","message":"Oops"}'),
  },
  'is done, and gets 502 with HTML': {
    takesEffect: true,
    apply: async (call) => {
      await act(call);
      return call.respond(502, { 'content-type': 'text/html' }, '<html><h1>Bad Gateway</h1></html>');
    },
  },
  'gets 403 with HTML': {
    takesEffect: false,
    apply: async ({ respond }) => respond(403, { 'content-type': 'text/html' }, '<html>Forbidden</html>'),
  },
  'is done, and gets half of the JSON': {
    takesEffect: true,
    apply: (call) => afterEffect(call, (body) => body.slice(0, Math.max(1, body.length / 2))),
  },
  'is done, and gets an empty body': {
    takesEffect: true,
    apply: (call) => afterEffect(call, () => ''),
  },
  'is not sent, because the function is killed': { takesEffect: false, kills: true, apply: never },
  'is done, and the function is killed': {
    takesEffect: true,
    kills: true,
    apply: never,
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

/** Where a fault strikes: at one call of the function, counted from 0, or also at every later call to that service. */
export interface Strike {
  fault: FaultName;
  at: number;
  lasts: boolean;
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
  #isKilled = false;

  constructor(strike: Strike | undefined, pass: (seconds: number) => void) {
    this.#strike = strike;
    this.#pass = pass;
    this.killed = new Promise((resolve) => {
      this.#kill = resolve;
    });
  }

  async call<Response>(point: string, call: Call<Response>): Promise<Response> {
    // What is still under way in a function that was killed does nothing any more.
    if (this.#isKilled) return never();
    const index = this.points.push(point) - 1;
    if (!this.#strike || !this.#strikes(index, call.service)) return call.perform();
    const fault: Fault = FAULTS[this.#strike.fault];
    this.#struck = call.service;
    this.#pass(fault.seconds ?? 0);
    if (!fault.kills) return fault.apply(call);
    if (fault.takesEffect) await act(call);
    this.#isKilled = true;
    this.#kill();
    return never();
  }

  #strikes(index: number, service: string): boolean {
    if (!this.#strike) return false;
    if (index === this.#strike.at) return true;
    return this.#strike.lasts && index > this.#strike.at && service === this.#struck;
  }
}
