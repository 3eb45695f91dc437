import * as fc from 'fast-check';
import { ENDINGS, type Ending } from './function.ts';
import { MOST_SKEW_SECONDS } from './witness.ts';

const ENVIRONMENTS = 4;
const HOUR = 3600;

/** Into the bundle at once, out of it with a day in which both places are kept current, or the end of that. */
export type Move = 'move in' | 'move out' | 'finish move';

interface Start {
  does:
    | ('consent' | 'consent elsewhere' | 'disconnect' | 'webhook')
    | ('sweep' | 'rotate now' | 'rotate the keys' | 'seal again')
    | Move;
  at: number;
  isOverdueAllowed: boolean;
}

export type Event =
  | Start
  /** The function of that environment makes some more calls, the last of which ends with `ending`. */
  | { does: 'call'; at: number; calls: number; ending: Ending }
  | { does: 'pass'; seconds: number }
  | { does: 'n8n down' | 'n8n up' }
  | { does: 'zoom down' | 'zoom up' | 'deauthorize' | 'secret changed at Zoom' }
  | { does: 'app secret edited' | 'other app written' | 'published edited' }
  | { does: 'table backed up' | 'table restored' }
  | { does: 'responses are lost' | 'responses arrive' }
  | { does: 'zoom limits' | 'zoom limits no more' | 'index lags' | 'index lags no more' };

export interface Plan {
  skews: number[];
  overlap: boolean;
  /** Whether the connection is a field of a bundle, beside another one. */
  isBundled: boolean;
  /** Seconds of life that the first token has left. */
  left: number;
  events: Event[];
  /** Whether the keys were just rotated, so that the next looks at them seal again what is stored. */
  areKeysRotated: boolean;
  /** Whether the functions that still run at the end are killed or finish. */
  endsKilled: boolean;
}

const environment = fc.nat({ max: ENVIRONMENTS - 1 });
const startOf = (...names: Start['does'][]) =>
  fc.record({
    does: fc.constantFrom(...names),
    at: environment,
    isOverdueAllowed: fc.oneof({ arbitrary: fc.constant(false), weight: 4 }, fc.boolean()),
  });
const withoutMoves = startOf(
  ...(['sweep', 'sweep', 'rotate now', 'disconnect', 'webhook'] as const),
  ...(['consent', 'consent elsewhere'] as const),
);
const start = fc.oneof(
  { arbitrary: withoutMoves, weight: 4 },
  { arbitrary: startOf('move in', 'move out', 'finish move'), weight: 1 },
);
const call = fc.record({
  does: fc.constant('call' as const),
  at: environment,
  calls: fc.integer({ min: 1, max: 6 }),
  ending: fc.oneof({ arbitrary: fc.constant('succeeds' as const), weight: 6 }, fc.constantFrom(...ENDINGS)),
});
const pass = fc.record({
  does: fc.constant('pass' as const),
  seconds: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(130, 200, 300, 1200, HOUR)),
});
const outside = fc.record({
  does: fc.constantFrom(
    'zoom down' as const,
    'zoom up' as const,
    'n8n down' as const,
    'n8n up' as const,
    'deauthorize' as const,
    'secret changed at Zoom' as const,
    'app secret edited' as const,
    'other app written' as const,
    'published edited' as const,
    'table backed up' as const,
    'table restored' as const,
    'zoom limits' as const,
    'zoom limits no more' as const,
    'index lags' as const,
    'index lags no more' as const,
    'responses are lost' as const,
    'responses arrive' as const,
  ),
});

const anyEvents = (starts: typeof start): fc.Arbitrary<Event[]> =>
  fc.array(
    fc.oneof(
      { arbitrary: call, weight: 10 },
      { arbitrary: starts, weight: 4 },
      { arbitrary: pass, weight: 2 },
      { arbitrary: outside, weight: 1 },
    ),
    { minLength: 1, maxLength: 30, size: 'max' },
  );

const planOf = (events: fc.Arbitrary<Event[]>, areKeysRotated = false): fc.Arbitrary<Plan> =>
  fc.record({
    skews: fc.array(fc.integer({ min: -MOST_SKEW_SECONDS, max: MOST_SKEW_SECONDS }), {
      minLength: ENVIRONMENTS,
      maxLength: ENVIRONMENTS,
    }),
    overlap: fc.boolean(),
    isBundled: fc.boolean(),
    left: fc.constantFrom(HOUR, 600, 300, 0),
    events,
    areKeysRotated: fc.constant(areKeysRotated),
    endsKilled: fc.boolean(),
  });

/** More calls than any function makes. */
const TO_ITS_END = 60;
const toItsEnd = (at: number): Event => ({ does: 'call', at, calls: TO_ITS_END, ending: 'succeeds' });

/** Two functions, the second of which begins and ends between two calls of the first. */
const crossing = (starts: typeof start): fc.Arbitrary<Event[]> =>
  fc
    .record({ first: starts, second: starts, calls: fc.integer({ min: 0, max: 20 }) })
    .map(({ first, second, calls }) => {
      const at = (first.at + 1) % ENVIRONMENTS;
      const some: Event = { does: 'call', at: first.at, calls, ending: 'succeeds' };
      return [first, some, { ...second, at }, toItsEnd(at), toItsEnd(first.at)];
    });

/** A restoration takes minutes. */
const RESTORE_SECONDS = 300;

/** Functions, the last of which the table forgets: it is restored to a backup that was made before. */
const forgotten = (starts: typeof start): fc.Arbitrary<Event[]> =>
  fc
    .record({ first: starts, last: starts, second: starts })
    .map(({ first, second, last }) => [
      ...[first, toItsEnd(first.at), { does: 'table backed up' as const }],
      ...[second, toItsEnd(second.at), last, toItsEnd(last.at)],
      ...[{ does: 'pass' as const, seconds: RESTORE_SECONDS }, { does: 'table restored' as const }],
    ]);

/** Events of which each function ends before the next begins, but for one that another crosses. */
const crossings = (starts: typeof start): fc.Arbitrary<Event[]> =>
  fc
    .array(
      fc.oneof(
        { arbitrary: crossing(starts), weight: 3 },
        { arbitrary: starts.map((each) => [each, toItsEnd(each.at)]), weight: 3 },
        { arbitrary: pass.map((each) => [each]), weight: 1 },
        { arbitrary: outside.map((each) => [each]), weight: 2 },
        { arbitrary: forgotten(starts), weight: 1 },
      ),
      { minLength: 1, maxLength: 8, size: 'max' },
    )
    .map((parts) => parts.flat());

/** Plans in which functions cross each other anywhere, and others in which one crosses another. */
export const plan = fc.oneof(
  { arbitrary: planOf(anyEvents(start)), weight: 1 },
  { arbitrary: planOf(crossings(withoutMoves)), weight: 1 },
);

/** Plans in which rotations, consents and disconnections cross the sealing of what is stored. */
export const rotatingKeys = planOf(
  anyEvents(
    startOf(
      ...(['seal again', 'seal again', 'seal again'] as const),
      ...(['rotate now', 'consent', 'disconnect', 'rotate the keys'] as const),
    ),
  ),
  true,
);

/** Plans in which little but disconnections and rotations begins. */
export const disconnecting = planOf(anyEvents(startOf('disconnect', 'rotate now')));
