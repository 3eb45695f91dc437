import { ZoomModel } from '../support/world/zoom-model.ts';
import type { Window } from './faults.ts';

interface Token {
  issuedAt: number;
  diesAt: number;
}

/** How n8n gets a token: it reads Secrets Manager every 300 or 30 seconds, or receives a push. */
export type Way = 300 | 30 | 'push';

/** How long n8n held a token that Zoom would refuse, seconds. */
export interface DeadSeconds {
  way: Way;
  /** From a connection's loss until the user had consented again and n8n had the new token. */
  lost: number;
  /** During outages, and until the sweeps had caught up. */
  outage: number;
  /** At all other times. */
  otherwise: number;
}

/** A Zoom that records when each access token was issued and when it died. */
export class RecordedZoom extends ZoomModel {
  readonly tokens = new Map<string, Token>();
  readonly #time: () => number;
  readonly #living = new Map<string, Token[]>();

  constructor(time: () => number) {
    super(() => Math.floor(time()));
    this.#time = time;
  }

  /** Records a token of a response. */
  issue(user: string, accessToken: string): void {
    const now = this.#time();
    const token = { issuedAt: now, diesAt: Math.floor(now) + 3600 };
    this.tokens.set(accessToken, token);
    const living = (this.#living.get(user) ?? []).filter(({ diesAt }) => diesAt > now);
    this.#living.set(user, [...living, token]);
  }

  override deauthorize(user: string): void {
    super.deauthorize(user);
    for (const token of this.#living.get(user) ?? []) token.diesAt = Math.min(token.diesAt, this.#time());
    this.#living.delete(user);
  }
}

type Publications = Map<string, { at: number; token: Token }[]>;

function note(all: Publications, connection: string, at: number, token: Token | undefined): void {
  if (!token) throw new Error(`the published value of "${connection}" is no token that Zoom issued`);
  const publications = all.get(connection) ?? [];
  if (publications.at(-1)?.token !== token) publications.push({ at, token });
  all.set(connection, publications);
}

/** Records when n8n could have each token, and when each connection was lost. */
export class Ledger {
  readonly #publications: Publications = new Map();
  readonly #pushes: Publications = new Map();
  readonly #losses = new Map<string, { from: number; to: number }[]>();

  publish(connection: string, at: number, token: Token | undefined): void {
    note(this.#publications, connection, at, token);
  }

  push(connection: string, at: number, token: Token | undefined): void {
    note(this.#pushes, connection, at, token);
  }

  lose(connection: string, from: number): void {
    this.#losses.set(connection, [...(this.#losses.get(connection) ?? []), { from, to: Infinity }]);
  }

  regain(connection: string, at: number): void {
    const last = this.#losses.get(connection)?.at(-1);
    if (last) last.to = at;
  }

  /**
   * Returns for how long n8n held dead tokens until `end`.
   * @param outages when a service was down, in order and without overlaps
   */
  dead(way: Way, end: number, outages: Window[]): DeadSeconds {
    const sum: DeadSeconds = { way, lost: 0, outage: 0, otherwise: 0 };
    const poll = way === 'push' ? 0 : way;
    for (const [connection, publications] of way === 'push' ? this.#pushes : this.#publications) {
      const losses = (this.#losses.get(connection) ?? []).map(({ from, to }) => ({ from, to: to + poll }));
      for (const [index, { at, token }] of publications.entries()) {
        const next = publications[index + 1];
        const from = Math.max(nextPoll(at, poll, connection), token.diesAt);
        const to = next ? nextPoll(next.at, poll, connection) : end;
        if (to <= from) continue;
        const lost = within({ from, to }, losses);
        const lostFrom = losses.find((loss) => loss.from < to && from < loss.to)?.from ?? to;
        const outage = within({ from, to: Math.max(from, lostFrom) }, outages);
        sum.lost += lost;
        sum.outage += outage;
        sum.otherwise += to - from - lost - outage;
      }
    }
    const { lost, outage, otherwise } = sum;
    return { way, lost: Math.round(lost), outage: Math.round(outage), otherwise: Math.round(otherwise) };
  }
}

/** Returns the time of the first poll at or after `at`. Each connection is polled at its own second of the period. */
function nextPoll(at: number, poll: number, connection: string): number {
  if (poll === 0) return at;
  const phase = (Number(connection.slice(1)) * 7919) % poll;
  return Math.ceil((at - phase) / poll) * poll + phase;
}

/** Returns how many seconds of the window lie in the other windows. */
function within({ from, to }: Window, windows: Window[]): number {
  return windows.reduce(
    (seconds, each) => seconds + Math.max(0, Math.min(to, each.to) - Math.max(from, each.from)),
    0,
  );
}
