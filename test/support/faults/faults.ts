/** One call that leaves the program, as the fault sees it. */
export interface Call<Answer> {
  service: 'dynamodb' | 's3' | 'secretsmanager' | 'zoom' | 'n8n';
  perform: () => Promise<Answer>;
  /** Makes an answer of this call's kind. */
  answer: (status: number, headers: Record<string, string>, body: string) => Answer;
  read: (answer: Answer) => Promise<{ status: number; body: string }>;
}

export interface Fault {
  /** Did the other side act on the request? */
  takesEffect: boolean;
  /** Nothing of the function runs after it. */
  kills?: true;
  /** Seconds that the call takes. */
  seconds?: number;
  apply: <Answer>(call: Call<Answer>) => Promise<Answer>;
}

const failed = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
const timedOut = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError');
const never = <T>() => new Promise<T>(() => {});
const JSON_TYPE = { 'content-type': 'application/json' };

/** The other side acts, and what it answers reaches nobody. It is read: the connection it came on is free again. */
const act = async <Answer>(call: Call<Answer>): Promise<void> => {
  await call.read(await call.perform());
};

const afterEffect = async <Answer>(call: Call<Answer>, cut: (body: string) => string): Promise<Answer> => {
  const { status, body } = await call.read(await call.perform());
  return call.answer(status, JSON_TYPE, cut(body));
};

/** Everything that can befall a call, in words that end the sentence "the call …". */
export const FAULTS = {
  'fails before it is sent': {
    takesEffect: false,
    apply: () => Promise.reject(failed('ECONNREFUSED')),
  },
  'is done, its answer lost': {
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
    apply: async ({ service, answer }) =>
      service === 'zoom' || service === 'n8n'
        ? answer(429, { ...JSON_TYPE, 'retry-after': '30' }, '{"code":429}')
        : answer(400, JSON_TYPE, '{"__type":"ThrottlingException","message":"Rate exceeded"}'),
  },
  'is answered 429 without Retry-After': {
    takesEffect: false,
    apply: async ({ answer }) => answer(429, {}, 'Too Many Requests'),
  },
  'is answered 500': {
    takesEffect: false,
    apply: async ({ answer }) => answer(500, JSON_TYPE, '{"__type":"InternalServerError","message":"Oops"}'),
  },
  'is done, and answered 502 with HTML': {
    takesEffect: true,
    apply: async (call) => {
      await act(call);
      return call.answer(502, { 'content-type': 'text/html' }, '<html><h1>Bad Gateway</h1></html>');
    },
  },
  'is answered with HTML': {
    takesEffect: false,
    apply: async ({ answer }) => answer(403, { 'content-type': 'text/html' }, '<html>Forbidden</html>'),
  },
  'is done, and answered with half a JSON': {
    takesEffect: true,
    apply: (call) => afterEffect(call, (body) => body.slice(0, Math.max(1, body.length / 2))),
  },
  'is done, and answered with nothing': {
    takesEffect: true,
    apply: (call) => afterEffect(call, () => ''),
  },
  'is not made: the function is killed': { takesEffect: false, kills: true, apply: never },
  'is done, and the function killed': {
    takesEffect: true,
    kills: true,
    apply: never,
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

/** Where a fault strikes: at one call of the function, counted from 0, or at that and every later of its service. */
export interface Strike {
  fault: FaultName;
  at: number;
  lasts: boolean;
}

/** A name for each call in its order, and what is to befall one of them. */
export class FaultInjector {
  /** The calls made so far: `dynamodb.UpdateItem`, `zoom.token`, … */
  readonly points: string[] = [];
  /** Resolves when the function was killed. */
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

  async call<Answer>(point: string, call: Call<Answer>): Promise<Answer> {
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
